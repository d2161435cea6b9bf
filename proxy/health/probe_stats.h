// ProbeStats: how probes went, by upstream.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "proxy/base/clock.h"

namespace stevedore::health {

// How one attempt ended. kError says nothing about the peer: this machine could not send.
enum class ProbeResult { kOk, kTimeout, kRefused, kError };
inline constexpr std::array<const char*, 4> kProbeResultNames = {"ok", "timeout", "refused",
                                                                 "error"};

// Upper bounds of the duration histogram, in seconds.
inline constexpr std::array<double, 11> kProbeDurationBounds = {
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};

// Of one upstream, since it was first probed.
struct ProbeCounts {
  std::array<std::uint64_t, kProbeResultNames.size()> results{};
  std::array<std::uint64_t, kProbeDurationBounds.size() + 1> durations{};  // the last: beyond all
  double duration_sum = 0;                                                 // seconds
};

// Thread: all members from any thread.
class ProbeStats {
 public:
  // Counts one attempt. Its duration, from the send to the verdict, counts for ok and timeout and
  // refused, not for error.
  void Count(const std::string& upstream, ProbeResult result, Nanos duration);
  // Forgets upstreams that are not in `kept` (ascending).
  void Keep(const std::vector<std::string>& kept);
  std::map<std::string, ProbeCounts> Get() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, ProbeCounts> by_upstream_;
};

}  // namespace stevedore::health
