#include "proxy/session/key_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace stevedore::session {
namespace {

using runtime::kNoPeerId;
using runtime::PeerId;
using runtime::UpstreamId;

constexpr std::uint32_t kIdle = 80;

TEST(KeyTable, RemembersUntilIdle) {
  KeyTable table(1024);
  const auto hash = table.Hash(UpstreamId{1}, 42);
  EXPECT_EQ(table.Find(hash, 1000, kIdle), kNoPeerId);
  table.Store(hash, PeerId{7}, 1000, kIdle, false);
  EXPECT_EQ(table.Find(hash, 1000, kIdle), PeerId{7});
  EXPECT_EQ(table.Find(hash, 1000 + kIdle, kIdle), kNoPeerId);
}

TEST(KeyTable, AFindRefreshesAfterAnEighth) {
  KeyTable table(1024);
  const auto hash = table.Hash(UpstreamId{1}, 42);
  table.Store(hash, PeerId{7}, 1000, kIdle, false);
  EXPECT_EQ(table.Find(hash, 1009, kIdle), PeerId{7});  // too soon to write
  EXPECT_EQ(table.Find(hash, 1080, kIdle), kNoPeerId);
  table.Store(hash, PeerId{7}, 2000, kIdle, false);
  for (std::uint32_t now = 2000; now < 3000; now += 20)
    ASSERT_EQ(table.Find(hash, now, kIdle), PeerId{7});
  EXPECT_EQ(table.Find(hash, 2980 + kIdle, kIdle), kNoPeerId);
}

TEST(KeyTable, OneEntryPerKey) {
  KeyTable table(4);
  const auto hash = table.Hash(UpstreamId{1}, 42);
  for (std::uint32_t peer = 0; peer < 100; ++peer) {
    table.Store(hash, PeerId{peer}, 1000, kIdle, false);
    ASSERT_EQ(table.Find(hash, 1000, kIdle), PeerId{peer});
  }
  // The other three entries of the only bucket are still free.
  for (std::uint64_t key = 0; key < 3; ++key) {
    table.Store(table.Hash(UpstreamId{2}, key), PeerId{5}, 1000, kIdle, false);
    ASSERT_EQ(table.Find(table.Hash(UpstreamId{2}, key), 1000, kIdle), PeerId{5});
  }
  EXPECT_EQ(table.Find(hash, 1000, kIdle), PeerId{99});
}

TEST(KeyTable, UpstreamsDoNotMix) {
  KeyTable table(1024);
  EXPECT_NE(table.Hash(UpstreamId{1}, 42), table.Hash(UpstreamId{2}, 42));
  const KeyTable other(1024);
  EXPECT_NE(table.Hash(UpstreamId{1}, 42), other.Hash(UpstreamId{1}, 42)) << "secret";
}

class FullBucket : public testing::Test {
 protected:
  FullBucket() {
    for (std::uint64_t key = 0; key < 4; ++key)
      table_.Store(Key(key), PeerId{static_cast<std::uint32_t>(key)},
                   static_cast<std::uint32_t>(1000 + key), kIdle, false);
  }
  std::uint64_t Key(std::uint64_t key) const { return table_.Hash(UpstreamId{1}, key); }
  KeyTable table_{4};
};

TEST_F(FullBucket, WhoIsNotAssuredDisplacesNobody) {
  table_.Store(Key(9), PeerId{9}, 1010, kIdle, false);
  EXPECT_EQ(table_.Find(Key(9), 1010, kIdle), kNoPeerId);
  for (std::uint64_t key = 0; key < 4; ++key)
    EXPECT_NE(table_.Find(Key(key), 1010, kIdle), kNoPeerId);
}

TEST_F(FullBucket, WhoIsAssuredDisplacesTheOldest) {
  table_.Store(Key(9), PeerId{9}, 1010, kIdle, true);
  EXPECT_EQ(table_.Find(Key(9), 1010, kIdle), PeerId{9});
  EXPECT_EQ(table_.Find(Key(0), 1010, kIdle), kNoPeerId);
  for (std::uint64_t key = 1; key < 4; ++key)
    EXPECT_NE(table_.Find(Key(key), 1010, kIdle), kNoPeerId);
}

TEST_F(FullBucket, ATimedOutEntryIsFree) {
  table_.Store(Key(9), PeerId{9}, 1000 + kIdle, kIdle, false);
  EXPECT_EQ(table_.Find(Key(9), 1000 + kIdle, kIdle), PeerId{9});
  EXPECT_NE(table_.Find(Key(1), 1000 + kIdle, kIdle), kNoPeerId);
}

TEST(KeyTable, TimeWrapsAround) {
  KeyTable table(1024);
  const auto hash = table.Hash(UpstreamId{1}, 42);
  for (const std::uint32_t now : {65530u, 65536u, 131072u, 4294967290u}) {
    table.Store(hash, PeerId{7}, now, kIdle, false);
    EXPECT_EQ(table.Find(hash, now, kIdle), PeerId{7}) << now;
    EXPECT_EQ(table.Find(hash, now + 9, kIdle), PeerId{7}) << now;
    EXPECT_EQ(table.Find(hash, now + 9 + kIdle, kIdle), kNoPeerId) << now;
  }
  // A worker whose clock is a second behind sees a fresh entry.
  table.Store(hash, PeerId{7}, 1000, kIdle, false);
  EXPECT_EQ(table.Find(hash, 999, kIdle), PeerId{7});
}

TEST(KeyTable, LargePeerIds) {
  KeyTable table(1024);
  const auto hash = table.Hash(UpstreamId{1}, 42);
  table.Store(hash, PeerId{KeyTable::kMaxPeerId}, 1000, kIdle, false);
  EXPECT_EQ(table.Find(hash, 1000, kIdle), PeerId{KeyTable::kMaxPeerId});
  table.Store(hash, PeerId{KeyTable::kMaxPeerId + 1}, 1000, kIdle, false);
  EXPECT_EQ(table.Find(hash, 1000, kIdle), PeerId{KeyTable::kMaxPeerId}) << "not remembered";
}

// Whatever races: who looks a key up gets its peer or nothing, never another key's peer.
TEST(KeyTable, FourThreads) {
  KeyTable table(256);
  std::atomic<std::uint32_t> wrong{0};
  std::atomic<std::uint32_t> hits{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint32_t i = 0; i < 20'000; ++i) {
        const std::uint32_t key = (i * 7 + t) % 400;
        const auto hash = table.Hash(UpstreamId{1}, key);
        const std::uint32_t now = 1000 + i / 100;
        const PeerId found = table.Find(hash, now, kIdle);
        if (found == kNoPeerId) {
          table.Store(hash, PeerId{key}, now, kIdle, i % 3 == 0);
        } else {
          hits.fetch_add(1, std::memory_order_relaxed);
          // 24 bits of tag: two of 400 keys in one bucket are alike once in 100 000 runs.
          if (found != PeerId{key}) wrong.fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_GT(hits.load(), 10'000u);
}

}  // namespace
}  // namespace stevedore::session
