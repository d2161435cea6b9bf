// TokenBucket: the client's own limit on requests, so that no bug of ours can flood the API server.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>

#include "proxy/base/clock.h"

namespace stevedore::kube {

// Thread: internally synchronised.
class TokenBucket {
 public:
  // `per_second` > 0 tokens flow in, at most `burst` >= 1 wait.
  TokenBucket(double per_second, double burst) noexcept
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  // Takes one token and says how long to wait until it is there. Callers are served in the order
  // of their calls.
  Nanos Take(Nanos now) noexcept {
    const std::lock_guard lock(mutex_);
    if (now > last_) {
      const double elapsed = std::chrono::duration<double>(now - last_).count();
      tokens_ = std::min(burst_, tokens_ + elapsed * per_second_);
      last_ = now;
    }
    tokens_ -= 1;
    if (tokens_ >= 0) return Nanos(0);
    return std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(-tokens_ / per_second_));
  }

 private:
  std::mutex mutex_;
  const double per_second_;
  const double burst_;
  double tokens_;
  Nanos last_{0};
};

}  // namespace stevedore::kube
