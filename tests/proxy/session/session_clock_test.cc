#include "proxy/session/session_clock.h"

#include <gtest/gtest.h>

namespace stevedore::session {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SessionClock, FollowsTheMonotonicClockInTenths) {
  SessionClock clock;
  const Tick start = clock.Advance(seconds(5000));
  EXPECT_EQ(start, clock.now());
  EXPECT_EQ(clock.Advance(seconds(5000) + milliseconds(99)), start);
  EXPECT_EQ(clock.Advance(seconds(5000) + milliseconds(100)), start + 1);
  EXPECT_EQ(clock.Advance(seconds(5000) + milliseconds(1050)), start + 10);
}

TEST(SessionClock, SmallStepsAddUp) {
  SessionClock clock;
  const Tick start = clock.Advance(seconds(1));
  for (int ms = 1; ms <= 10'000; ms += 7) clock.Advance(seconds(1) + milliseconds(ms));
  EXPECT_EQ(clock.now(), start + 99);
}

TEST(SessionClock, APauseCountsForOneSecond) {
  SessionClock clock;
  const Tick start = clock.Advance(seconds(10));
  EXPECT_EQ(clock.Advance(seconds(10'000)), start + kTicksPerSecond);
  EXPECT_EQ(clock.Advance(seconds(10'000) + milliseconds(500)), start + kTicksPerSecond + 5);
}

}  // namespace
}  // namespace stevedore::session
