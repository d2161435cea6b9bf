// A clock that a test moves while other threads read it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "proxy/base/clock.h"

namespace stevedore {

class SharedClock final : public Clock {
 public:
  Nanos Now() const noexcept override { return Nanos(now_.load()); }
  void Advance(Nanos by) { now_ += by.count(); }

 private:
  std::atomic<Nanos::rep> now_{Nanos(std::chrono::hours(1)).count()};
};

}  // namespace stevedore
