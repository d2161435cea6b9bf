// SessionClock: the time that sessions age by. It follows the monotonic clock but never jumps: a
// proxy that was paused finds its sessions as old as it left them, so that what was queued
// meanwhile is still delivered.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "proxy/base/clock.h"

namespace stevedore::session {

// A tenth of a second. 32 bits last 13 years.
using Tick = std::uint32_t;
inline constexpr Tick kTicksPerSecond = 10;
// How long an embryonic session's lease rests after its last send: a second, and a tick more
// because a tick says when that second began only to the tenth.
inline constexpr Tick kEmbryonicRest = kTicksPerSecond + 1;

// Thread: one.
class SessionClock {
 public:
  // Moves on to `now`, by one second at the most; call once per loop, which must come round at
  // least twice a second.
  Tick Advance(Nanos now) noexcept {
    const Nanos step =
        last_ == Nanos{0} ? Nanos{0} : std::min<Nanos>(now - last_, std::chrono::seconds(1));
    last_ = now;
    elapsed_ += step;
    return this->now();
  }
  Tick now() const noexcept {
    return static_cast<Tick>(elapsed_ / std::chrono::milliseconds(1000 / kTicksPerSecond));
  }

 private:
  Nanos last_{0};
  Nanos elapsed_{std::chrono::hours(1)};  // so that "long ago" can be written as a tick
};

}  // namespace stevedore::session
