// Credentials: a ClusterAccess over time; tokens and certificates rotate while we run.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "controller/kube/cluster_access.h"
#include "proxy/base/clock.h"
#include "proxy/base/result.h"

namespace stevedore::kube {

// The value of an environment variable, "" when unset.
using Environment = std::function<std::string(const std::string& name)>;
// getenv(3).
Environment ProcessEnvironment();

// Where a kubelet mounts a pod's credentials.
inline constexpr const char* kServiceAccountDirectory =
    "/var/run/secrets/kubernetes.io/serviceaccount";

// What a pod is given: $KUBERNETES_SERVICE_HOST and _PORT, token and ca.crt in `directory`, the
// namespace from $POD_NAMESPACE, else the file `namespace`, else "default". kNotFound when this is
// not a pod with a token.
Result<ClusterAccess> InClusterAccess(const std::string& directory, const Environment& environment);

// The access to use: `kubeconfig` when given, else the in-cluster one where it is mounted, else the
// default kubeconfig. `context` ("" = the current one) names a kubeconfig's context.
Result<ClusterAccess> FindClusterAccess(const std::string& kubeconfig, const std::string& context,
                                        const std::string& directory,
                                        const Environment& environment);

// Thread: internally synchronised. Lifetime: the clock outlives it.
class Credentials {
 public:
  Credentials(ClusterAccess access, const Clock& clock)
      : access_(std::move(access)), clock_(clock) {}

  const ClusterAccess& access() const noexcept { return access_; }

  // The bearer token for the next request, "" for none. A token file is read at most once a minute;
  // when it cannot be read or is empty, the last token stays.
  std::string Token();
  // Says that `token` was refused (401): the next Token() reads the file again.
  void RefuseToken(const std::string& token);

 private:
  const ClusterAccess access_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string token_;
  std::optional<Nanos> read_at_;
};

}  // namespace stevedore::kube
