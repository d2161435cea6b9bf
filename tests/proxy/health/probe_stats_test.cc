#include "proxy/health/probe_stats.h"

#include <gtest/gtest.h>

#include <numeric>

namespace stevedore::health {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

TEST(ProbeStats, CountsByUpstreamAndResult) {
  ProbeStats stats;
  stats.Count("a", ProbeResult::kOk, microseconds(600));
  stats.Count("a", ProbeResult::kTimeout, seconds(10));
  stats.Count("a", ProbeResult::kError, seconds(1));
  stats.Count("b", ProbeResult::kRefused, microseconds(500));
  const auto all = stats.Get();
  ASSERT_EQ(all.size(), 2u);
  const ProbeCounts& a = all.at("a");
  EXPECT_EQ(a.results, (std::array<std::uint64_t, 4>{1, 1, 0, 1}));
  EXPECT_EQ(a.durations[1], 1u) << "0.6 ms is above the first bound";
  EXPECT_EQ(a.durations.back(), 1u) << "10 s is beyond the last bound";
  EXPECT_EQ(std::accumulate(a.durations.begin(), a.durations.end(), 0ull), 2u);
  EXPECT_NEAR(a.duration_sum, 10.0006, 1e-9);
  EXPECT_EQ(all.at("b").durations[0], 1u) << "a bound includes its value";
}

TEST(ProbeStats, ForgetsUpstreamsThatAreGone) {
  ProbeStats stats;
  stats.Count("a", ProbeResult::kOk, seconds(0));
  stats.Count("b", ProbeResult::kOk, seconds(0));
  stats.Keep({"b", "c"});
  const auto all = stats.Get();
  EXPECT_EQ(all.count("a"), 0u);
  EXPECT_EQ(all.count("b"), 1u);
}

}  // namespace
}  // namespace stevedore::health
