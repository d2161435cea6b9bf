// Time as a parameter: what depends on time takes a Clock, so tests need no sleeps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace stevedore {

using Nanos = std::chrono::nanoseconds;

// The monotonic clock, or a test's. Thread: Now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Time since an arbitrary fixed point; never goes back.
  virtual Nanos Now() const noexcept = 0;
};

// CLOCK_MONOTONIC.
class MonotonicClock final : public Clock {
 public:
  Nanos Now() const noexcept override {
    return std::chrono::duration_cast<Nanos>(std::chrono::steady_clock::now().time_since_epoch());
  }
};

// A clock that a test moves by hand. Thread: one.
class ManualClock final : public Clock {
 public:
  Nanos Now() const noexcept override { return now_; }
  void Advance(Nanos by) noexcept { now_ += by; }

 private:
  Nanos now_{std::chrono::hours(1)};
};

}  // namespace stevedore
