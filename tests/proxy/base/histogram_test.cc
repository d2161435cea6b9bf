#include "proxy/base/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace stevedore {
namespace {

using testing::ElementsAre;

constexpr std::array kBounds = {0.1, 1.0};

TEST(Histogram, CountsBelowTheBoundThatASampleReaches) {
  Histogram histogram(kBounds);
  EXPECT_THAT(histogram.counts(), ElementsAre(0, 0, 0));
  for (const double sample : {0.05, 0.1, 0.5, 1.0, 7.0}) histogram.Observe(sample);
  EXPECT_THAT(histogram.counts(), ElementsAre(2, 2, 1));
  EXPECT_DOUBLE_EQ(histogram.sum(), 8.65);
  EXPECT_THAT(histogram.bounds(), ElementsAre(0.1, 1.0));
}

TEST(Histogram, IsAValue) {
  Histogram histogram(kBounds);
  histogram.Observe(0.5);
  const Histogram copy = histogram;
  histogram.Observe(0.5);
  EXPECT_THAT(copy.counts(), ElementsAre(0, 1, 0));
}

}  // namespace
}  // namespace stevedore
