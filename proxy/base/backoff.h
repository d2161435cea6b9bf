// Backoff: exponential delays with jitter. Pure; the random number is a parameter.
// Source: client-go tools/cache/reflector.go (0.8 s, factor 2, cap 30 s, jitter x[1,2), reset after
// 2 quiet minutes).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "proxy/base/clock.h"

namespace stevedore {

class Backoff {
 public:
  Backoff(Nanos first, Nanos cap) noexcept : first_(first), cap_(cap), next_(first) {}

  // The delay before the next attempt; `random` in [0,1) stretches it by up to one more of itself.
  Nanos Next(double random) noexcept {
    const Nanos base = next_;
    next_ = std::min(cap_, next_ * 2);
    return base + Nanos(static_cast<Nanos::rep>(static_cast<double>(base.count()) * random));
  }
  void Reset() noexcept { next_ = first_; }

 private:
  Nanos first_;
  Nanos cap_;
  Nanos next_;
};

}  // namespace stevedore
