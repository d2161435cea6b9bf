#include "controller/kube/token_bucket.h"

#include <gtest/gtest.h>

namespace stevedore::kube {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(TokenBucket, ABurstAndThenTheRate) {
  TokenBucket bucket(50, 3);
  const Nanos now = hours(1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.Take(now), Nanos(0)) << i;
  // Those who wait are spaced by the rate.
  EXPECT_EQ(bucket.Take(now), Nanos(milliseconds(20)));
  EXPECT_EQ(bucket.Take(now), Nanos(milliseconds(40)));
  EXPECT_EQ(bucket.Take(now + milliseconds(60)), Nanos(0));
  // Never more than the burst, however long nothing came.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.Take(now + hours(5)), Nanos(0)) << i;
  EXPECT_GT(bucket.Take(now + hours(5)), Nanos(0));
}

}  // namespace
}  // namespace stevedore::kube
