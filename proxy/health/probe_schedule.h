// ProbeSchedule: what is due when, for many slots with one timer each. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "proxy/base/clock.h"

namespace stevedore::health {

// Thread: one.
class ProbeSchedule {
 public:
  // Timers are rounded up to this, so that many share one wake-up.
  static constexpr Nanos kTick = std::chrono::milliseconds(50);
  // Those that fall so little behind a tick belong to it: what a wake-up is late by must not move
  // the timer that is set then to the next one.
  static constexpr Nanos kSlack = std::chrono::milliseconds(5);

  // Sets the slot's timer; an earlier one is replaced. Slots are small integers.
  void Set(std::uint32_t slot, Nanos due);
  void Cancel(std::uint32_t slot);
  // When the first timer is due; nothing when none is set.
  std::optional<Nanos> Next() const;
  // Takes one slot whose timer is due.
  std::optional<std::uint32_t> PopDue(Nanos now);

  // How long a newcomer waits for its first attempt, from 0 to `period`: whether newcomers arrive
  // one by one or by the thousand, their attempts are spread evenly.
  // Source: the golden ratio's multiples modulo 1, Knuth, TAOCP vol. 3, 6.4 (Fibonacci hashing).
  Nanos FirstDelay(Nanos period) noexcept;

 private:
  static constexpr Nanos kUnset{-1};
  std::set<std::pair<Nanos, std::uint32_t>> timers_;
  std::vector<Nanos> due_;  // by slot; kUnset without a timer
  std::uint32_t newcomers_ = 0;
};

}  // namespace stevedore::health
