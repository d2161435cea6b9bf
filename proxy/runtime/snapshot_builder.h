// From a valid config to a snapshot, against what outlives reloads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/config/status.h"
#include "proxy/config/validate.h"
#include "proxy/runtime/registry.h"
#include "proxy/runtime/snapshot.h"

namespace stevedore::runtime {

struct BuildInput {
  const config::ValidConfig& config;
  const std::vector<config::IpAddress>& local_addresses;
  Nanos now;  // monotonic: drain timeouts and the rest of ids are measured by it
};

// Thread: one (the control thread).
class SnapshotBuilder {
 public:
  // Lifetime: `registry` outlives the builder.
  explicit SnapshotBuilder(Registry& registry) noexcept : registry_(registry) {}

  // Gives every listener, upstream, peer and rule of the config its record in the registry and
  // forgets the others. Call once per config, then let the listeners be bound (registry.listeners),
  // then Build().
  void Register(const BuildInput& input);

  // The snapshot of the config, the registry and the peers' health as they are now. Call again when
  // one of the latter two changed. Never fails: the config is valid. REQUIRES: Register() for this
  // config.
  std::shared_ptr<const Snapshot> Build(const BuildInput& input);

  // When the next drain timeout passes, so that the owner builds again; nothing when none runs.
  std::optional<Nanos> next_deadline() const noexcept { return next_deadline_; }

 private:
  void BuildUpstream(const BuildInput& input, const config::Upstream& upstream, Snapshot& snapshot);
  PeerState StateOf(const BuildInput& input, const config::Upstream& upstream,
                    const config::Peer& peer, bool backup);
  ListenerEntry BuildListener(const config::Listener& listener) const;

  Registry& registry_;
  MaglevCache maglev_;
  std::map<std::string, UpstreamIndex> index_by_name_;  // of the build under way
  std::uint64_t generation_ = 0;
  std::optional<Nanos> next_deadline_;
};

// Peer counts for the status file, in the snapshot's order of upstreams.
std::vector<config::UpstreamStatus> CountPeers(const Snapshot& snapshot,
                                               const config::ValidConfig& config,
                                               Registry& registry);

}  // namespace stevedore::runtime
