#include "proxy/health/probe_state.h"

namespace stevedore::health {

bool ProbeState::Record(bool success, Thresholds thresholds) noexcept {
  if (success == passing_) {
    against_ = 0;
    return false;
  }
  if (++against_ < (success ? thresholds.success : thresholds.failure)) return false;
  passing_ = success;
  against_ = 0;
  return true;
}

}  // namespace stevedore::health
