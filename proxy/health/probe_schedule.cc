#include "proxy/health/probe_schedule.h"

#include <cmath>

namespace stevedore::health {

void ProbeSchedule::Set(std::uint32_t slot, Nanos due) {
  Cancel(slot);
  if (slot >= due_.size()) due_.resize(slot + 1, kUnset);
  const Nanos rounded = (due - kSlack + kTick - Nanos(1)) / kTick * kTick;
  due_[slot] = rounded;
  timers_.emplace(rounded, slot);
}

void ProbeSchedule::Cancel(std::uint32_t slot) {
  if (slot >= due_.size() || due_[slot] == kUnset) return;
  timers_.erase({due_[slot], slot});
  due_[slot] = kUnset;
}

std::optional<Nanos> ProbeSchedule::Next() const {
  if (timers_.empty()) return std::nullopt;
  return timers_.begin()->first;
}

std::optional<std::uint32_t> ProbeSchedule::PopDue(Nanos now) {
  if (timers_.empty() || timers_.begin()->first > now) return std::nullopt;
  const std::uint32_t slot = timers_.begin()->second;
  Cancel(slot);
  return slot;
}

Nanos ProbeSchedule::FirstDelay(Nanos period) noexcept {
  constexpr double kGoldenRatio = 0.6180339887498949;
  const double turns = static_cast<double>(++newcomers_) * kGoldenRatio;
  const double fraction = turns - std::floor(turns);
  return Nanos(static_cast<Nanos::rep>(static_cast<double>(period.count()) * fraction));
}

}  // namespace stevedore::health
