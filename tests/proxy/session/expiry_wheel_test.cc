#include "proxy/session/expiry_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace stevedore::session {
namespace {

class ExpiryWheelTest : public testing::Test {
 protected:
  static constexpr Tick kStart = 36'000;

  void Add(SessionIndex i, Tick deadline) {
    slots_[i] = wheel_.Add(i, deadline, [this](SessionIndex n) -> Links& { return links_[n]; });
  }
  void Remove(SessionIndex i) {
    wheel_.Remove(i, slots_[i], [this](SessionIndex n) -> Links& { return links_[n]; });
  }
  std::vector<SessionIndex> Advance(Tick now) {
    std::vector<SessionIndex> due;
    wheel_.Advance(now, [&](SessionIndex i) {
      due.push_back(i);
      Remove(i);
    });
    return due;
  }

  std::vector<Links> links_{1000};
  std::map<SessionIndex, std::uint16_t> slots_;
  ExpiryWheel wheel_{kStart};
};

using Due = std::vector<SessionIndex>;

TEST_F(ExpiryWheelTest, DueInTheSecondOfTheDeadlineAndNotBefore) {
  Add(1, kStart + 25);
  EXPECT_EQ(Advance(kStart + 29), Due{});
  EXPECT_EQ(Advance(kStart + 30), Due{1});
  EXPECT_EQ(Advance(kStart + 100), Due{});
}

TEST_F(ExpiryWheelTest, APassedDeadlineIsDueInTheNextSecond) {
  Add(1, kStart - 500);
  EXPECT_EQ(Advance(kStart + 9), Due{});
  EXPECT_EQ(Advance(kStart + 10), Due{1});
}

TEST_F(ExpiryWheelTest, BeyondTheWheelItIsLookedAtAtItsEnd) {
  Add(1, kStart + 90'000 * kTicksPerSecond);
  EXPECT_EQ(Advance(kStart + 1022 * kTicksPerSecond), Due{});
  EXPECT_EQ(Advance(kStart + 1023 * kTicksPerSecond), Due{1});
}

TEST_F(ExpiryWheelTest, FiledAgainWhileItAdvances) {
  Add(1, kStart + 10);
  int calls = 0;
  wheel_.Advance(kStart + 50, [&](SessionIndex i) {
    Remove(i);
    if (++calls < 3) Add(i, kStart);  // passed: the next second
  });
  EXPECT_EQ(calls, 3);
}

TEST_F(ExpiryWheelTest, ManyDeadlines) {
  std::mt19937 random(3);
  std::map<SessionIndex, Tick> deadlines;
  for (SessionIndex i = 0; i < 1000; ++i) {
    deadlines[i] = kStart + 1 + static_cast<Tick>(random() % 10'000);
    Add(i, deadlines[i]);
  }
  for (Tick now = kStart; now <= kStart + 10'010; now += 7) {
    for (const SessionIndex i : Advance(now)) {
      ASSERT_LE(deadlines.at(i), now);
      ASSERT_GT(deadlines.at(i) + 7 + kTicksPerSecond, now) << "late";
      deadlines.erase(i);
    }
  }
  EXPECT_TRUE(deadlines.empty());
}

}  // namespace
}  // namespace stevedore::session
