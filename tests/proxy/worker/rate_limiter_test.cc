#include "proxy/worker/rate_limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>

namespace stevedore::worker {
namespace {

using config::IpAddress;
using runtime::ListenerId;
using runtime::TokenRate;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ListenerId kListener{0};

TokenRate Rate(std::int64_t per_second, std::int64_t burst) {
  const std::int64_t interval = 1'000'000'000 / per_second;
  return {interval, interval * burst};
}

IpAddress Client(std::uint32_t number) { return IpAddress::V4(0x0a000000u + number); }

class RateLimiterTest : public testing::Test {
 protected:
  RateLimiterTest() { limiter_->Reserve(); }
  bool Take(const IpAddress& source, const TokenRate& rate, Nanos now) {
    return limiter_->Take(kListener, source, rate, now);
  }
  // How many of `count` datagrams at once are let through.
  int Burst(const IpAddress& source, const TokenRate& rate, Nanos now, int count = 100) {
    int granted = 0;
    for (int i = 0; i < count; ++i) granted += Take(source, rate, now) ? 1 : 0;
    return granted;
  }
  std::unique_ptr<RateLimiter> limiter_ = std::make_unique<RateLimiter>();
};

TEST_F(RateLimiterTest, GrantsABurstThenTheRate) {
  const TokenRate rate = Rate(10, 4);
  EXPECT_EQ(Burst(Client(1), rate, seconds(5)), 4);
  EXPECT_EQ(Burst(Client(1), rate, seconds(5) + milliseconds(99)), 0);
  EXPECT_EQ(Burst(Client(1), rate, seconds(5) + milliseconds(100)), 1);
  EXPECT_EQ(Burst(Client(1), rate, seconds(5) + milliseconds(350)), 2);
  EXPECT_EQ(Burst(Client(1), rate, seconds(60)), 4) << "full again, and no fuller";
}

TEST_F(RateLimiterTest, EverySourceOfEveryListenerHasItsOwn) {
  const TokenRate rate = Rate(1, 1);
  EXPECT_EQ(Burst(Client(1), rate, seconds(5)), 1);
  EXPECT_EQ(Burst(Client(2), rate, seconds(5)), 1);
  EXPECT_TRUE(limiter_->Take(ListenerId{1}, Client(1), rate, seconds(5)));
  const auto v6 = [](const char* text) { return *IpAddress::Parse(text); };
  EXPECT_TRUE(Take(v6("2001:db8::1"), rate, seconds(5)));
  EXPECT_FALSE(Take(v6("2001:db8::ffff:0:0:2"), rate, seconds(5))) << "the same /64";
  EXPECT_TRUE(Take(v6("2001:db8:0:1::1"), rate, seconds(5)));
}

TEST_F(RateLimiterTest, LetsEverythingThroughBeforeItsMemoryIsThere) {
  RateLimiter bare;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bare.Take(kListener, Client(1), Rate(1, 1), seconds(1)));
}

// A token bucket written the usual way: tokens, in nanoseconds, that flow in.
class Model {
 public:
  bool Take(const TokenRate& rate, Nanos now) {
    tokens_ = fresh_ ? rate.depth : std::min(rate.depth, tokens_ + (now - last_).count());
    fresh_ = false;
    last_ = now;
    if (tokens_ < rate.interval) return false;
    tokens_ -= rate.interval;
    return true;
  }

 private:
  bool fresh_ = true;
  std::int64_t tokens_ = 0;
  Nanos last_{0};
};

TEST_F(RateLimiterTest, AgreesWithATokenBucket) {
  std::mt19937_64 engine(11);
  for (const TokenRate& rate : {Rate(3, 1), Rate(7, 20), Rate(1000, 1000), Rate(1'000'000, 5)}) {
    limiter_ = std::make_unique<RateLimiter>();
    limiter_->Reserve();
    std::map<std::uint32_t, Model> models;
    Nanos now = seconds(3600);
    std::uint64_t granted = 0;
    for (int i = 0; i < 50'000; ++i) {
      if (engine() % 16 == 0)
        now += Nanos(
            static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(2 * rate.interval)));
      if (engine() % 10'000 == 0) now += Nanos(3 * rate.depth);
      const auto source = static_cast<std::uint32_t>(engine() % 3);
      const bool expected = models[source].Take(rate, now);
      ASSERT_EQ(Take(Client(source), rate, now), expected) << "datagram " << i;
      granted += expected ? 1 : 0;
    }
    EXPECT_GT(granted, 1000u);
    EXPECT_LT(granted, 45'000u);
  }
}

TEST_F(RateLimiterTest, AFullTableShutsNobodyOutAndForgetsThoseItHoldsBackLast) {
  const TokenRate rate = Rate(1, 10);
  const Nanos now = seconds(100);
  EXPECT_EQ(Burst(Client(0), rate, now), 10);
  const auto sources = static_cast<std::uint32_t>(8 * RateLimiter::kSets * RateLimiter::kWays);
  for (std::uint32_t source = 1; source <= sources; ++source)
    ASSERT_TRUE(Take(Client(source), rate, now)) << source;
  EXPECT_EQ(Burst(Client(0), rate, now), 0);
  // Those that had no place are taken for new: some kept their debt of one, none has more.
  int full = 0;
  for (std::uint32_t source = 1; source <= 1000; ++source) {
    const int granted = Burst(Client(source), rate, now);
    ASSERT_TRUE(granted == 9 || granted == 10) << granted;
    full += granted == 10 ? 1 : 0;
  }
  EXPECT_GT(full, 500) << "the table was meant to be too small";
}

TEST_F(RateLimiterTest, AReloadNeverLeavesMoreDebtThanTheNewLimitKnows) {
  const Nanos now = seconds(100);
  EXPECT_EQ(Burst(Client(1), Rate(1, 1000), now, 2000), 1000);
  EXPECT_EQ(Burst(Client(1), Rate(10, 5), now), 0);
  EXPECT_EQ(Burst(Client(1), Rate(10, 5), now + milliseconds(500)), 5) << "not after 1000 s";
  EXPECT_EQ(Burst(Client(1), Rate(1, 1000), now + seconds(2000), 2000), 1000);
}

TEST_F(RateLimiterTest, TheWidestLimitsAndAMachineUpForACenturyDoNotOverflow) {
  const Nanos century = seconds(std::int64_t{100} * 366 * 86400);
  const TokenRate slow = Rate(1, 1'000'000'000);
  EXPECT_EQ(Burst(Client(1), slow, century), 100);
  EXPECT_EQ(Burst(Client(1), slow, century + seconds(1)), 100);
  EXPECT_EQ(Burst(Client(2), Rate(1'000'000'000, 1), century), 1);
  EXPECT_EQ(Burst(Client(2), Rate(1'000'000'000, 1), century + Nanos(1)), 1);
}

}  // namespace
}  // namespace stevedore::worker
