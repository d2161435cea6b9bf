// kubeconfig files: which ones, how they merge, and the access that a context means.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/kube/cluster_access.h"
#include "proxy/base/result.h"

namespace stevedore::kube {

// `paths` in order of precedence. A list that the user gave by name must be complete; of the
// others, missing files are skipped.
struct KubeconfigList {
  std::vector<std::string> paths;
  bool all_required = false;
};

// `flag` when given, else $KUBECONFIG (colon separated), else ~/.kube/config.
KubeconfigList KubeconfigFiles(
    const std::string& flag,
    const std::function<std::string(const std::string& name)>& environment);

// Merges the files (the first that names a cluster, user, context or current-context wins) and
// resolves `context`, or the current one when it is empty. Relative paths are relative to the file
// that holds them; `*-data` wins over a path, `tokenFile` over `token`.
// Errors: kNotFound, no file or no such context; kInvalid, broken or unsupported. exec,
// auth-provider, proxy-url, username, password and impersonation are refused by name.
Result<ClusterAccess> LoadKubeconfig(const KubeconfigList& files, const std::string& context);

}  // namespace stevedore::kube
