// Flags of the run mode, parsed and checked. docs/flags.md tells each.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
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
  bool leader_elect = false;
  std::string leader_election_id;  // the Lease's name; empty: stevedore-CLASS
  compile::CompileOptions compile;
};

// The published Service, when --watch-namespace leaves its namespace out.
inline std::optional<kube::Key> UnwatchedService(const ControllerOptions& options) {
  const auto& service = options.compile.published_service;
  const auto& watched = options.watch_namespaces;
  const bool seen = !service || !options.directory.empty() || watched.empty() ||
                    std::find(watched.begin(), watched.end(), service->ns) != watched.end();
  return seen ? std::nullopt : service;
}

}  // namespace stevedore
