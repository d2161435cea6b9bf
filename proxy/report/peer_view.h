// PeerView: the peers of one upstream as people ask for them: who gets how much, and who is well.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/model.h"
#include "proxy/runtime/snapshot.h"

namespace stevedore::report {

struct PeerView {
  std::string address;
  const char* role = "ready";  // ready, draining, backup
  std::int64_t weight = 1;
  std::optional<bool> passing;  // its probe; nothing without one
  bool usable = false;
  double share = 0;  // of new conversations, 0 to 1: by weight among the usable ones
  std::optional<double> reply_seconds;  // of the last answered probe
};

// Lifetime: the snapshot outlives it. Thread: any, one at a time.
class PeerViews {
 public:
  explicit PeerViews(const runtime::Snapshot& snapshot);
  // The peers of the snapshot's upstream `at`, those that fail first, then as configured.
  // REQUIRES: `upstream` is the same upstream in the config that the snapshot was built from.
  std::vector<PeerView> Of(std::size_t at, const config::Upstream& upstream) const;

 private:
  const runtime::Snapshot& snapshot_;
  std::vector<std::vector<const runtime::PeerEntry*>> by_upstream_;
};

// The name of what serves: ready, draining, backup, failOpen, none.
const char* NameOf(runtime::Tier tier) noexcept;

}  // namespace stevedore::report
