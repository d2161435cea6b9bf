// ProbeState: from the results of single attempts to "passing" or "failing", with hysteresis. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stevedore::health {

// How many attempts in a row it takes, at least 1 each.
struct Thresholds {
  std::uint32_t success = 1;
  std::uint32_t failure = 3;
};

// Thread: one.
class ProbeState {
 public:
  // A peer that was never probed passes: a new one serves at once.
  ProbeState() noexcept = default;
  explicit ProbeState(bool passing) noexcept : passing_(passing) {}

  // Takes the result of one attempt; true when passing() changed by it.
  bool Record(bool success, Thresholds thresholds) noexcept;
  bool passing() const noexcept { return passing_; }

 private:
  bool passing_ = true;
  std::uint32_t against_ = 0;  // attempts in a row that speak against passing_
};

}  // namespace stevedore::health
