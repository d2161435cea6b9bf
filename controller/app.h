// The controller as a whole: what the executable's commands do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/compile/compile_options.h"

namespace stevedore {

// Flags of the run mode, parsed and checked. docs/flags.md tells each.
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

// Runs until SIGINT or SIGTERM. Returns the exit code; what went wrong at the start is in the log.
int RunController(ControllerOptions options);

// `compile -f PATH...`: compiled config on stdout, a line per problem on stderr. 0, or 1 when a
// route is refused.
int RunCompile(const std::vector<std::string>& paths, compile::CompileOptions options);

}  // namespace stevedore
