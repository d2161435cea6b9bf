#include "proxy/health/probe_stats.h"

#include <algorithm>

namespace stevedore::health {

void ProbeStats::Count(const std::string& upstream, ProbeResult result, Nanos duration) {
  const std::lock_guard lock(mutex_);
  ProbeCounts& counts = by_upstream_[upstream];
  ++counts.results[static_cast<std::size_t>(result)];
  if (result == ProbeResult::kError) return;
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bound =
      std::lower_bound(kProbeDurationBounds.begin(), kProbeDurationBounds.end(), seconds);
  ++counts.durations[static_cast<std::size_t>(bound - kProbeDurationBounds.begin())];
  counts.duration_sum += seconds;
}

void ProbeStats::Keep(const std::vector<std::string>& kept) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_upstream_, [&kept](const auto& entry) {
    return !std::binary_search(kept.begin(), kept.end(), entry.first);
  });
}

std::map<std::string, ProbeCounts> ProbeStats::Get() const {
  const std::lock_guard lock(mutex_);
  return by_upstream_;
}

}  // namespace stevedore::health
