// What `stevedore-controller crd apply` and `crd delete` do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "controller/kube/credentials.h"

namespace stevedore {

enum class CrdAction { kApply, kDelete };

struct CrdOptions {
  CrdAction action = CrdAction::kApply;
  std::string file;  // the CRD, YAML or JSON
  std::uint32_t timeout_seconds = 60;
  std::string kubeconfig;  // empty: in-cluster credentials, else the default kubeconfig
  std::string context;
};

// Has the CRD in the cluster be what the file says, or be gone, and waits until it is so. Returns
// the exit code: 0, or 1 with one line that says why in the log. Ends early on SIGINT and SIGTERM.
int RunCrd(const CrdOptions& options, const kube::Environment& environment);

}  // namespace stevedore
