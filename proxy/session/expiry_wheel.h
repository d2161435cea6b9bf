// ExpiryWheel: sessions filed by the second of their deadline. A datagram only stamps its session;
// whether the deadline has moved is looked at when its second comes, and the session is filed
// again. Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 6,
// without exact timers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>

#include "proxy/session/session_list.h"

namespace stevedore::session {

// Thread: one. Adding and removing O(1); a deadline beyond the wheel's 1 024 s is filed at its end
// and again from there.
class ExpiryWheel {
 public:
  static constexpr Tick kSlots = 1024;
  static constexpr std::uint16_t kSlotMask = kSlots - 1;

  explicit ExpiryWheel(Tick now) noexcept : second_(now / kTicksPerSecond) {}

  // Files a session under the second of its deadline, or the next one when that has passed. Returns
  // the slot.
  template <class Link>
  std::uint16_t Add(SessionIndex index, Tick deadline, Link link) noexcept {
    const Tick second = std::clamp((deadline + kTicksPerSecond - 1) / kTicksPerSecond, second_ + 1,
                                   second_ + kSlots - 1);
    const auto slot = static_cast<std::uint16_t>(second % kSlots);
    slots_[slot].PushBack(index, link);
    return slot;
  }
  template <class Link>
  void Remove(SessionIndex index, std::uint16_t slot, Link link) noexcept {
    slots_[slot].Remove(index, link);
  }
  // Calls `due(index)` for every session filed under a second up to `now`; `due` must remove it,
  // and may file it again.
  template <class Due>
  void Advance(Tick now, Due due) noexcept {
    const Tick target = now / kTicksPerSecond;
    while (second_ < target) {
      ++second_;
      SessionList& slot = slots_[second_ % kSlots];
      while (slot.first != kNoSession) due(slot.first);
    }
  }

 private:
  std::array<SessionList, kSlots> slots_{};
  Tick second_;  // the last one that was looked at
};

}  // namespace stevedore::session
