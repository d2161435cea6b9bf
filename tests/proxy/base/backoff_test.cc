#include "proxy/base/backoff.h"

#include <gtest/gtest.h>

namespace stevedore {
namespace {

using std::chrono::seconds;

TEST(Backoff, DoublesUpToTheCap) {
  Backoff backoff(seconds(1), seconds(5));
  for (const int expected : {1, 2, 4, 5, 5}) EXPECT_EQ(backoff.Next(0), seconds(expected));
  backoff.Reset();
  EXPECT_EQ(backoff.Next(0), seconds(1));
}

TEST(Backoff, JitterStretchesByUpToOnceMore) {
  Backoff backoff(seconds(2), seconds(100));
  EXPECT_EQ(backoff.Next(0.5), seconds(3));
  const Nanos most = backoff.Next(0.999999);
  EXPECT_GT(most, std::chrono::milliseconds(7990));
  EXPECT_LT(most, seconds(8));
  EXPECT_EQ(backoff.Next(0), seconds(8)) << "jitter does not add up";
}

TEST(Backoff, NeverOverflows) {
  Backoff backoff(seconds(1), std::chrono::hours(24));
  for (int i = 0; i < 1000; ++i) {
    const Nanos delay = backoff.Next(0.5);
    ASSERT_GT(delay, Nanos{0});
    ASSERT_LE(delay, std::chrono::hours(36));
  }
}

}  // namespace
}  // namespace stevedore
