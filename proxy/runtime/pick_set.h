// PickSet: the peers of one upstream that may be picked now, and the tables to pick by. Rebuilt
// when a peer's health, readiness or drain changes; never on the packet path.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "proxy/config/model.h"
#include "proxy/runtime/ids.h"
#include "proxy/runtime/maglev_table.h"
#include "proxy/runtime/round_robin.h"

namespace stevedore::runtime {

// What is known of a peer at the moment of the build.
struct PeerState {
  PeerId id = kNoPeerId;
  WeightedPeer peer;
  bool backup = false;
  bool draining = false;
  bool drain_expired = false;  // its drainTimeoutSeconds has passed
  bool passing = true;         // its probe, or no probe
};

// Which peers serve: the first tier that has one.
enum class Tier { kReady, kDraining, kBackup, kFailOpen, kNone };

// Immutable; any thread.
struct PickSet {
  struct Member {
    PeerId id;
    bool usable;
  };
  Tier tier = Tier::kNone;
  std::vector<PeerId> usable;   // ascending by address
  RoundRobinRing ring{{}};      // over `usable`; empty with ConsistentHash
  std::vector<Member> members;  // of the tier, ascending by address: what `table` is over
  std::shared_ptr<const MaglevTable> table;  // null with RoundRobin or without members
};

// Keeps Maglev tables by content, so that a health flip and a reload reuse them. Thread: one (the
// control thread).
class MaglevCache {
 public:
  std::shared_ptr<const MaglevTable> Get(std::vector<WeightedPeer> peers, std::uint64_t seed);

 private:
  struct Entry {
    std::vector<WeightedPeer> peers;
    std::uint64_t seed;
    std::weak_ptr<const MaglevTable> table;
  };
  std::vector<Entry> entries_;
};

// Chooses the tier (design: ready and passing, else draining and passing, else backup and passing,
// else FailOpen) and builds its tables. `peers` in any order.
PickSet BuildPickSet(std::vector<PeerState> peers, config::Algorithm algorithm,
                     config::WhenNoneUsable when_none_usable, std::uint64_t seed,
                     MaglevCache& cache);

// Whether a conversation may stay on `peer` under this set: the peer is usable, or it is draining,
// kept by `drain` and passing, while primaries serve.
bool Keepable(const PeerState& peer, const PickSet& set, config::Drain drain);

}  // namespace stevedore::runtime
