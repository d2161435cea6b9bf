// Flags of the run mode, parsed and checked. docs/flags.md tells each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/compile/compile_options.h"

namespace stevedore {

struct ControllerOptions {
  std::string directory;   // --source directory:PATH; empty: kubernetes
  std::string kubeconfig;  // empty: in-cluster credentials, else the default kubeconfig
  std::string context;
  std::vector<std::string> watch_namespaces;  // empty: all
  std::string proxy_config;
  std::string proxy_status;
  std::string metrics_address = ":9180";
  std::string status_dir;
  compile::CompileOptions compile;
};

}  // namespace stevedore
