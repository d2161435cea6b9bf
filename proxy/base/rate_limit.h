// RateLimit: lets one event through per interval and counts the rest, for log lines that traffic
// can cause.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "proxy/base/clock.h"

namespace stevedore {

// Thread: one.
class RateLimit {
 public:
  explicit RateLimit(Nanos interval) noexcept : interval_(interval) {}

  // How many events were held back since the last one let through, or nothing when this one is held
  // back too.
  std::optional<std::uint64_t> Allow(Nanos now) noexcept {
    if (last_ && now - *last_ < interval_) {
      ++suppressed_;
      return std::nullopt;
    }
    last_ = now;
    const std::uint64_t suppressed = suppressed_;
    suppressed_ = 0;
    return suppressed;
  }

 private:
  Nanos interval_;
  std::optional<Nanos> last_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace stevedore
