#include "proxy/runtime/stats.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>

namespace stevedore::runtime {
namespace {

TEST(Stats, DropsCountUnderTheirName) {
  ListenerCounters counters;
  for (std::size_t i = 0; i < kUpDropNames.size(); ++i) counters.Drop(static_cast<UpDrop>(i));
  counters.Drop(DownDrop::kSendError);
  for (const Counter& drops : counters.up_drops) EXPECT_EQ(drops.Get(), 1u);
  EXPECT_EQ(counters.down_drops.back().Get(), 1u);
  EXPECT_STREQ(kUpDropNames[static_cast<std::size_t>(UpDrop::kNoPeer)], "no_peer");
  EXPECT_STREQ(kUpDropNames[static_cast<std::size_t>(UpDrop::kSendError)], "send_error");
  EXPECT_STREQ(kDownDropNames[static_cast<std::size_t>(DownDrop::kUnknownReply)], "unknown_reply");
  EXPECT_STREQ(kDownDropNames[static_cast<std::size_t>(DownDrop::kSendError)], "send_error");
  EXPECT_STREQ(kSessionEndNames[static_cast<std::size_t>(SessionEnd::kRemoved)], "removed");
  const std::set<std::string> distinct(kUpDropNames.begin(), kUpDropNames.end());
  EXPECT_EQ(distinct.size(), kUpDropNames.size());
}

TEST(Stats, TrafficCountsDatagramsAndBytes) {
  Traffic traffic;
  traffic.Add(0);
  traffic.Add(1500);
  EXPECT_EQ(traffic.datagrams.Get(), 2u);
  EXPECT_EQ(traffic.bytes.Get(), 1500u);
}

TEST(Stats, BlocksOfWorkersShareNoCacheLine) {
  ListenerStats stats("game/1", 3);
  EXPECT_EQ(stats.name, "game/1");
  const auto a = reinterpret_cast<std::uintptr_t>(&stats.of(0));
  const auto b = reinterpret_cast<std::uintptr_t>(&stats.of(1));
  EXPECT_EQ(a % 64, 0u);
  EXPECT_EQ((b - a) % 64, 0u);
}

TEST(Stats, OneWriterAndAReader) {
  Counter counter;
  std::thread writer([&counter] {
    for (int i = 0; i < 10'000; ++i) counter.Add();
  });
  std::uint64_t last = 0;
  while (last < 10'000) {
    const std::uint64_t now = counter.Get();
    ASSERT_GE(now, last);
    last = now;
  }
  writer.join();
  EXPECT_EQ(counter.Get(), 10'000u);
}

}  // namespace
}  // namespace stevedore::runtime
