#include "proxy/runtime/round_robin.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace stevedore::runtime {
namespace {

using Weights = std::vector<std::uint32_t>;

TEST(RoundRobinRing, EmptyForNobody) {
  EXPECT_TRUE(RoundRobinRing(Weights{}).empty());
  EXPECT_EQ(RoundRobinRing(Weights{}).size(), 0u);
}

TEST(RoundRobinRing, TurnsOfEqualPeersAreInOrder) {
  const RoundRobinRing ring(Weights{1, 1, 1});
  ASSERT_EQ(ring.size(), 3u);
  for (std::uint64_t at = 0; at < 9; ++at) EXPECT_EQ(ring.At(at), at % 3);
}

TEST(RoundRobinRing, CycleIsTheWeightsOverTheirDivisor) {
  EXPECT_EQ(RoundRobinRing(Weights{100, 100, 100}).size(), 3u);
  EXPECT_EQ(RoundRobinRing(Weights{10, 20}).size(), 3u);
  EXPECT_EQ(RoundRobinRing(Weights{7}).size(), 1u);
}

TEST(RoundRobinRing, ExactPerCycleFromAnyPosition) {
  for (const Weights& weights : {Weights{5, 1, 1}, Weights{3, 2}, Weights{100, 1},
                                 Weights{1, 2, 3, 4, 5, 6, 7}, Weights{99, 100}}) {
    const RoundRobinRing ring(weights);
    const std::uint32_t sum = std::accumulate(weights.begin(), weights.end(), 0u);
    ASSERT_EQ(ring.size(), sum);
    for (const std::uint64_t start : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{12345}}) {
      Weights turns(weights.size());
      for (std::uint64_t i = 0; i < sum; ++i) ++turns[ring.At(start + i)];
      EXPECT_EQ(turns, weights);
    }
  }
}

// After any number of turns a peer is near its share: no bursts.
TEST(RoundRobinRing, Smooth) {
  for (const Weights& weights : {Weights{5, 1, 1}, Weights{50, 50, 1}, Weights{9, 3, 3, 1}}) {
    const RoundRobinRing ring(weights);
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> turns(weights.size());
    for (std::uint64_t done = 1; done <= ring.size(); ++done) {
      ++turns[ring.At(done - 1)];
      for (std::size_t peer = 0; peer < weights.size(); ++peer)
        ASSERT_LE(std::abs(turns[peer] - static_cast<double>(done) * weights[peer] / sum), 1.25);
    }
  }
}

}  // namespace
}  // namespace stevedore::runtime
