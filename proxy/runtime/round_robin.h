// RoundRobinRing: the order in which weighted peers take their turns, computed once.
// Source: stride scheduling, Waldspurger and Weihl 1995: the k-th turn of a peer of weight w stands
// at (k + 1/2) / w, so that in every cycle each peer has exactly its weight of turns, spread
// evenly.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace stevedore::runtime {

// Immutable after construction; any thread. 4 bytes per turn of a cycle (the sum of the weights
// over their gcd).
class RoundRobinRing {
 public:
  // `weights[i]` is the weight of peer i, at least 1. An empty list gives an empty ring.
  explicit RoundRobinRing(std::span<const std::uint32_t> weights);

  bool empty() const noexcept { return turns_.empty(); }
  std::size_t size() const noexcept { return turns_.size(); }
  // The peer whose turn `position` is, modulo the cycle. REQUIRES: not empty.
  std::uint32_t At(std::uint64_t position) const noexcept {
    return turns_[position < turns_.size() ? position : position % turns_.size()];
  }

 private:
  std::vector<std::uint32_t> turns_;
};

}  // namespace stevedore::runtime
