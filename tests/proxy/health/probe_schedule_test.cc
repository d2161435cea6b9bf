#include "proxy/health/probe_schedule.h"

#include <gtest/gtest.h>

#include <array>

namespace stevedore::health {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProbeSchedule, TellsWhatIsDueInOrder) {
  ProbeSchedule schedule;
  EXPECT_EQ(schedule.Next(), std::nullopt);
  schedule.Set(7, milliseconds(200));
  schedule.Set(3, milliseconds(100));
  EXPECT_EQ(schedule.Next(), Nanos(milliseconds(100)));
  EXPECT_EQ(schedule.PopDue(milliseconds(99)), std::nullopt);
  EXPECT_EQ(schedule.PopDue(milliseconds(300)), 3u);
  EXPECT_EQ(schedule.PopDue(milliseconds(300)), 7u);
  EXPECT_EQ(schedule.PopDue(milliseconds(300)), std::nullopt);
}

TEST(ProbeSchedule, SetReplacesAndCancelRemoves) {
  ProbeSchedule schedule;
  schedule.Set(1, milliseconds(100));
  schedule.Set(1, milliseconds(500));
  EXPECT_EQ(schedule.PopDue(milliseconds(400)), std::nullopt);
  schedule.Cancel(1);
  schedule.Cancel(1);
  schedule.Cancel(99);
  EXPECT_EQ(schedule.Next(), std::nullopt);
}

TEST(ProbeSchedule, RoundsUpSoThatTimersShareAWakeUp) {
  ProbeSchedule schedule;
  schedule.Set(1, milliseconds(106));
  schedule.Set(2, milliseconds(149));
  schedule.Set(3, milliseconds(155));
  schedule.Set(4, milliseconds(156));
  EXPECT_EQ(schedule.Next(), Nanos(milliseconds(150)));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(schedule.PopDue(milliseconds(150))) << i;
  EXPECT_EQ(schedule.Next(), Nanos(milliseconds(200)));
}

TEST(ProbeSchedule, SpreadsNewcomersOverThePeriod) {
  ProbeSchedule schedule;
  std::array<int, 10> tenths{};
  for (int i = 0; i < 1000; ++i) {
    const Nanos delay = schedule.FirstDelay(seconds(5));
    ASSERT_GE(delay, Nanos(0));
    ASSERT_LT(delay, Nanos(seconds(5)));
    ++tenths[static_cast<std::size_t>(delay / milliseconds(500))];
  }
  for (const int count : tenths) EXPECT_NEAR(count, 100, 3);
}

}  // namespace
}  // namespace stevedore::health
