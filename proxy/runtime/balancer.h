// Balancer: from an upstream and a datagram to a peer, without affinity (the worker adds that).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "proxy/runtime/snapshot.h"

namespace stevedore::runtime {

// Packet path: no allocation, no lock. `attempt` 0 is the first choice; 1, 2, ... are the next
// picks of a retry.

// How often a hash whose peer is unusable is hashed again.
inline constexpr std::uint32_t kMaxRehash = 8;

// The peer whose turn it is; `position` moves on. kNoPeerId when none may be picked.
PeerId PickRoundRobin(const PickSet& set, std::uint64_t& position) noexcept;

// The peer that owns `hash`; while it is unusable the hash is hashed again with the attempt number,
// at most 8 times, and then usable[hash mod n] serves: keys of other peers never move. kNoPeerId
// when none may be picked.
PeerId PickByHash(const PickSet& set, std::uint64_t hash, std::uint32_t attempt = 0) noexcept;

// The hash of try number `tries` of PickByHash, for explain.
std::uint64_t Rehash(std::uint64_t hash, std::uint32_t tries) noexcept;

}  // namespace stevedore::runtime
