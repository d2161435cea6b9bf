#include "controller/sync_meter.h"

#include <gtest/gtest.h>

namespace stevedore {
namespace {

using std::chrono::milliseconds;
using Write = SyncMeter::Write;

std::uint64_t Count(const Histogram& histogram) {
  std::uint64_t total = 0;
  for (const std::uint64_t count : histogram.counts()) total += count;
  return total;
}

class SyncMeterTest : public testing::Test {
 protected:
  // A turn of 20 ms that takes in news of 5 ms ago, if any.
  void Turn(bool news, std::optional<Write> write, bool again = false) {
    meter_.Begin(now_, news ? std::optional(now_ - milliseconds(5)) : std::nullopt);
    now_ += milliseconds(20);
    if (write) meter_.Wrote(*write, 100, now_, 1700000000);
    meter_.End(now_, {write.has_value(), !news, again});
  }
  SyncNumbers Numbers() { return meter_.numbers(now_); }

  SyncMeter meter_;
  Nanos now_ = std::chrono::hours(1);
};

TEST_F(SyncMeterTest, CountsTurnsByTheirEnd) {
  Turn(true, Write::kWritten);
  Turn(true, Write::kUnchanged, true);
  Turn(true, Write::kFailed, true);
  Turn(false, Write::kWritten);
  Turn(false, std::nullopt);
  const SyncNumbers numbers = Numbers();
  EXPECT_EQ(numbers.syncs, 3u);
  EXPECT_EQ(numbers.sync_errors, 1u);
  EXPECT_EQ(numbers.requeues, 1u);
  EXPECT_EQ(numbers.adds, 3u);
  EXPECT_EQ(numbers.retries, 2u);
  EXPECT_EQ(Count(numbers.reconcile), 4u);
  EXPECT_EQ(numbers.reconcile.counts()[2], 4u) << "20 ms each";
  EXPECT_EQ(Count(numbers.work), 4u);
  EXPECT_NEAR(numbers.queued.sum(), 0.015, 1e-9);
  EXPECT_EQ(numbers.config_writes, 2u);
  EXPECT_EQ(numbers.config_write_errors, 1u);
  EXPECT_EQ(numbers.config_bytes, 100u);
  EXPECT_EQ(numbers.config_written_at, 1700000000);
}

TEST_F(SyncMeterTest, NewsTravelUntilTheyAreInTheFile) {
  Turn(true, Write::kWritten);
  EXPECT_EQ(Count(Numbers().propagation), 0u) << "the first waited for the lists";
  Turn(true, Write::kUnchanged);
  EXPECT_EQ(Count(Numbers().propagation), 0u) << "they were none of the config's business";
  Turn(true, Write::kFailed);
  Turn(false, Write::kWritten);
  EXPECT_NEAR(Numbers().propagation.sum(), 0.045, 1e-9) << "since before the failed write";
  Turn(false, Write::kWritten);
  EXPECT_EQ(Count(Numbers().propagation), 1u);
}

TEST_F(SyncMeterTest, TellsHowLongATurnIsUnderWay) {
  EXPECT_EQ(Numbers().running, 0);
  meter_.Begin(now_, std::nullopt);
  now_ += milliseconds(1500);
  EXPECT_DOUBLE_EQ(Numbers().running, 1.5);
  meter_.End(now_, {});
  EXPECT_EQ(Numbers().running, 0);
}

TEST_F(SyncMeterTest, KeepsTheLastCountOfRoutes) {
  meter_.Routes({{{"Accepted", "True"}, 3}});
  meter_.Routes({{{"Accepted", "False"}, 1}});
  const SyncNumbers numbers = Numbers();
  ASSERT_EQ(numbers.routes.size(), 1u);
  EXPECT_EQ(numbers.routes.begin()->second, 1);
}

}  // namespace
}  // namespace stevedore
