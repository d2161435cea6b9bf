// MaglevTable: consistent hashing of keys to weighted peers.
// Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016,
// section 3.4; weights as shares of the rounds.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "proxy/config/address.h"

namespace stevedore::runtime {

struct WeightedPeer {
  config::SocketAddress address;
  std::uint32_t weight = 1;
  auto operator<=>(const WeightedPeer&) const = default;
};

// Immutable after construction; any thread. 128 KiB.
class MaglevTable {
 public:
  // A prime that does not depend on the number of peers, so that adding one never reshuffles all
  // keys.
  static constexpr std::uint32_t kSlots = 65537;

  // Builds the table. REQUIRES: `peers` ascending by address, each once, 1 to 65 535 of them,
  // weights at least 1: replicas with the same peers and seed get the same table. Milliseconds:
  // never on the packet path.
  MaglevTable(std::span<const WeightedPeer> peers, std::uint64_t seed);

  // Position in `peers` of the owner of `hash`.
  std::uint32_t Find(std::uint64_t hash) const noexcept { return slots_[hash % kSlots]; }
  static std::uint32_t Slot(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash % kSlots);
  }

 private:
  std::vector<std::uint16_t> slots_;
};

}  // namespace stevedore::runtime
