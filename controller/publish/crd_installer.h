// CrdInstaller: brings a CRD, or a newer schema of it, into a cluster, and never an older one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "controller/publish/crd_client.h"

namespace stevedore::publish {

// The CRD is not one installation's: whoever finds none, an older one or one that was changed by
// hand brings its own. A newer one is left alone, because fields that an older schema lacks would
// be cut out of live objects at their next write.
// Thread: one. Lifetime: the transport outlives it.
class CrdInstaller {
 public:
  // `json` is the text that `ours` was decoded from.
  CrdInstaller(kube::Transport& transport, api::Crd ours, std::string json)
      : client_(transport), ours_(std::move(ours)), json_(std::move(json)) {}

  // One look at the cluster and what follows from it. Success: our schema or a newer one is served.
  // Errors: kUnavailable and kConflict, call again in a moment; kInvalid, what is there is not
  // Stevedore's, or the API server calls ours wrong; else those of CrdClient.
  Result<> Step();

 private:
  using State = std::pair<std::string, std::int64_t>;  // uid and generation
  // Success: there is nothing to write over `live`, or nothing left.
  Result<> Settle(const api::Crd& live);
  // `live` may be null. Success: it is served, too.
  Result<> Write(const api::Crd* live);

  CrdClient client_;
  const api::Crd ours_;
  const std::string json_;
  std::optional<State> settled_;  // what needs no write
};

}  // namespace stevedore::publish
