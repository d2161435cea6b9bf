#include "controller/publish/event_correlator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/controller/publish/event_sample.h"

namespace stevedore::publish {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class EventCorrelatorTest : public testing::Test {
 protected:
  void Add(const Event& event = SampleEvent()) { EXPECT_TRUE(correlator_.Add(event, now_)); }
  // Writes all that may be written now.
  std::vector<EventCorrelator::Write> Drain() {
    std::vector<EventCorrelator::Write> writes;
    while (auto write = correlator_.Next(now_)) {
      correlator_.Written(*write);
      writes.push_back(std::move(*write));
    }
    return writes;
  }

  Nanos now_ = hours(1);
  EventCorrelator correlator_{Counting()};
};

TEST_F(EventCorrelatorTest, CreatesOnceAndCountsRepeats) {
  Event event = SampleEvent();
  Add(event);
  auto writes = Drain();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_TRUE(writes[0].create);
  EXPECT_EQ(writes[0].name, "kcp.0000000000000001");
  EXPECT_EQ(writes[0].count, 1u);
  EXPECT_EQ(writes[0].event, event);
  event.time = "later";
  Add(event);
  writes = Drain();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_FALSE(writes[0].create);
  EXPECT_EQ(writes[0].name, "kcp.0000000000000001");
  EXPECT_EQ(writes[0].count, 2u);
  EXPECT_EQ(writes[0].last_time, "later");
  EXPECT_TRUE(Drain().empty());
  EXPECT_FALSE(correlator_.DueAt(now_));
}

TEST_F(EventCorrelatorTest, AnObjectHasABudgetAndWhatItHoldsBackIsTold) {
  for (int i = 0; i < 100; ++i) {
    Add();
    EXPECT_EQ(Drain().size(), i < 25 ? 1u : 0u) << i;
  }
  Add(SampleEvent("another object", "PortConflict", "u-2"));
  EXPECT_EQ(Drain().size(), 1u) << "others have their own";
  ASSERT_TRUE(correlator_.DueAt(now_));
  EXPECT_LE(*correlator_.DueAt(now_), now_ + seconds(300));
  EXPECT_GT(*correlator_.DueAt(now_), now_ + seconds(298));
  now_ = *correlator_.DueAt(now_);
  const auto writes = Drain();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes[0].count, 100u) << "nothing was lost";
  now_ += hours(3);
  for (int i = 0; i < 30; ++i) Add(SampleEvent(std::to_string(i % 5)));
  EXPECT_EQ(Drain().size(), 5u);
}

TEST_F(EventCorrelatorTest, ManySimilarOnesBecomeOne) {
  for (int i = 0; i < 14; ++i) Add(SampleEvent("note " + std::to_string(i)));
  Add(SampleEvent("note 3"));
  const auto writes = Drain();
  ASSERT_EQ(writes.size(), 11u);
  EXPECT_EQ(writes[3].count, 2u) << "a known note has its own series";
  EXPECT_EQ(writes[10].event.note, "(combined from similar events): note 10");
  EXPECT_EQ(writes[10].count, 4u);
  Add(SampleEvent("note 99", "Invalid"));
  EXPECT_THAT(Drain()[0].event.note, "note 99") << "another reason is not similar";
}

TEST_F(EventCorrelatorTest, BeginsAnewAfterAQuietWhile) {
  Add();
  Drain();
  now_ += minutes(9);
  Add();
  EXPECT_FALSE(Drain()[0].create);
  now_ += minutes(10);
  Add();
  const auto writes = Drain();
  EXPECT_TRUE(writes[0].create);
  EXPECT_EQ(writes[0].count, 1u);
}

TEST_F(EventCorrelatorTest, CreatesAnewWhatIsGone) {
  Add();
  Drain();
  Add();
  const auto write = correlator_.Next(now_);
  ASSERT_TRUE(write);
  correlator_.Gone(*write);
  const auto writes = Drain();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_TRUE(writes[0].create);
  EXPECT_NE(writes[0].name, write->name);
  EXPECT_EQ(writes[0].count, 1u);
}

TEST_F(EventCorrelatorTest, TriesAgainBehindTheOthersOrGivesUp) {
  Add();
  Add(SampleEvent("b"));
  auto first = correlator_.Next(now_);
  ASSERT_TRUE(first);
  correlator_.Failed(*first, true);
  EXPECT_EQ(correlator_.Next(now_)->event.note, "b");
  auto again = correlator_.Next(now_);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->tries, 1);
  EXPECT_EQ(again->name, first->name);
  correlator_.Failed(*again, false);
  EXPECT_FALSE(correlator_.Next(now_));
  Add();
  again = correlator_.Next(now_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->create);
  EXPECT_EQ(again->count, 1u);
  EXPECT_EQ(again->tries, 0);
}

TEST_F(EventCorrelatorTest, OccurrencesDuringAWriteAreNotLost) {
  Add();
  const auto write = correlator_.Next(now_);
  Add();
  correlator_.Written(*write);
  const auto writes = Drain();
  ASSERT_EQ(writes.size(), 1u);
  EXPECT_EQ(writes[0].count, 2u);
  Add();
  const auto late = correlator_.Next(now_);
  correlator_.Clear();
  correlator_.Written(*late);
  correlator_.Failed(*late, true);
  correlator_.Gone(*late);
  EXPECT_EQ(correlator_.waiting(), 0u);
}

TEST_F(EventCorrelatorTest, NamesFitWhateverTheObjectIsCalled) {
  Event event = SampleEvent();
  event.regarding.name = std::string(229, 'a') + ".b" + std::string(22, 'c');
  Add(event);
  EXPECT_EQ(Drain()[0].name, std::string(229, 'a') + ".0000000000000001");
}

TEST_F(EventCorrelatorTest, RemembersNoMoreThanItsBounds) {
  for (int i = 0; i < 5000; ++i) {
    const bool taken = correlator_.Add(SampleEvent("n", "r", "u-" + std::to_string(i)), now_);
    EXPECT_EQ(taken, i < 4096) << i;
  }
  EXPECT_EQ(correlator_.waiting(), 4096u);
  EXPECT_EQ(Drain().size(), 4096u);
  for (int i = 0; i < 20'000; ++i) {
    now_ += seconds(1);
    ASSERT_TRUE(correlator_.Add(SampleEvent("n", "r", "v-" + std::to_string(i)), now_)) << i;
    ASSERT_EQ(Drain().size(), 1u);
  }
}

}  // namespace
}  // namespace stevedore::publish
