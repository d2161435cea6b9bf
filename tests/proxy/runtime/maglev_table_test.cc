#include "proxy/runtime/maglev_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "proxy/runtime/hash.h"
#include "tests/proxy/runtime/peers.h"

namespace stevedore::runtime {
namespace {

constexpr std::uint32_t kKeys = 100'000;

std::uint64_t KeyHash(std::uint32_t key) {
  const std::uint8_t bytes[4] = {
      static_cast<std::uint8_t>(key), static_cast<std::uint8_t>(key >> 8),
      static_cast<std::uint8_t>(key >> 16), static_cast<std::uint8_t>(key >> 24)};
  return Xxh64(bytes, 7);
}

std::vector<std::uint32_t> SlotCounts(const MaglevTable& table, std::size_t peers) {
  std::vector<std::uint32_t> counts(peers);
  for (std::uint64_t slot = 0; slot < MaglevTable::kSlots; ++slot) ++counts[table.Find(slot)];
  return counts;
}

TEST(MaglevTable, SamePeersAndSeedGiveTheSameTable) {
  const auto peers = EqualPeers(50);
  const MaglevTable a(peers, 42);
  const MaglevTable b(peers, 42);
  const MaglevTable other_seed(peers, 43);
  std::uint32_t moved = 0;
  for (std::uint64_t slot = 0; slot < MaglevTable::kSlots; ++slot) {
    ASSERT_EQ(a.Find(slot), b.Find(slot));
    moved += a.Find(slot) != other_seed.Find(slot) ? 1 : 0;
  }
  EXPECT_GT(moved, MaglevTable::kSlots * 9 / 10);
}

// Replicas that learn peers in another order sort them, and then agree.
TEST(MaglevTable, OrderOfArrivalDoesNotMatterOnceSorted) {
  auto peers = EqualPeers(20);
  for (std::size_t i = 0; i < peers.size(); ++i)
    peers[i].weight = static_cast<std::uint32_t>(1 + i % 3);
  auto reversed = peers;
  std::reverse(reversed.begin(), reversed.end());
  std::sort(reversed.begin(), reversed.end());
  const MaglevTable a(peers, 1);
  const MaglevTable b(reversed, 1);
  for (std::uint64_t slot = 0; slot < MaglevTable::kSlots; ++slot)
    ASSERT_EQ(a.Find(slot), b.Find(slot));
}

// A change of the hash, of the permutation or of the turns would move every key of every replica
// that is upgraded: these slots were written down once.
TEST(MaglevTable, GoldenSlots) {
  const MaglevTable equal(EqualPeers(5), 0);
  const std::vector<WeightedPeer> mixed = {
      {*config::SocketAddress::Parse("10.0.0.2:2345"), 1},
      {*config::SocketAddress::Parse("10.0.0.3:2345"), 3},
      {*config::SocketAddress::Parse("[2001:db8::1]:2345"), 2}};
  std::vector<WeightedPeer> sorted = mixed;
  std::sort(sorted.begin(), sorted.end());
  const MaglevTable weighted(sorted, 0x0123456789abcdefull);
  std::vector<std::uint32_t> first;
  std::vector<std::uint32_t> second;
  for (const std::uint64_t slot : {0u, 1u, 2u, 3u, 100u, 1000u, 12345u, 40000u, 65535u, 65536u}) {
    first.push_back(equal.Find(slot));
    second.push_back(weighted.Find(slot));
  }
  EXPECT_EQ(first, (std::vector<std::uint32_t>{0, 2, 4, 1, 3, 1, 2, 1, 3, 2}));
  EXPECT_EQ(second, (std::vector<std::uint32_t>{1, 0, 0, 1, 1, 0, 2, 2, 2, 1}));
}

TEST(MaglevTable, SlotIsTheHashModuloTheTable) {
  const MaglevTable table(EqualPeers(3), 0);
  EXPECT_EQ(MaglevTable::Slot(MaglevTable::kSlots), 0u);
  EXPECT_EQ(MaglevTable::Slot(~std::uint64_t{0}), ~std::uint64_t{0} % 65537);
  for (const std::uint64_t hash : {5ull, 0xffffffffffffffffull, 0x123456789ull})
    EXPECT_EQ(table.Find(hash), table.Find(MaglevTable::Slot(hash)));
}

TEST(MaglevTable, OnePeerOwnsAll) {
  EXPECT_EQ(SlotCounts(MaglevTable(EqualPeers(1, 100), 3), 1)[0], MaglevTable::kSlots);
}

TEST(MaglevTable, KeysSpreadEvenly) {
  const MaglevTable table(EqualPeers(10), 0);
  std::vector<std::uint32_t> counts(10);
  for (std::uint32_t key = 0; key < kKeys; ++key) ++counts[table.Find(KeyHash(key))];
  for (const std::uint32_t count : counts) {
    EXPECT_GE(count, kKeys / 10 * 97 / 100);
    EXPECT_LE(count, kKeys / 10 * 103 / 100);
  }
}

TEST(MaglevTable, KeysSpreadByWeight) {
  auto peers = EqualPeers(4);
  const std::uint32_t weights[] = {1, 2, 3, 4};
  for (std::size_t i = 0; i < 4; ++i) peers[i].weight = weights[i];
  const MaglevTable table(peers, 0);
  std::vector<double> counts(4);
  for (std::uint32_t key = 0; key < kKeys; ++key) ++counts[table.Find(KeyHash(key))];
  for (std::size_t i = 0; i < 4; ++i) {
    const double fair = kKeys * weights[i] / 10.0;
    EXPECT_NEAR(counts[i], fair, fair * 0.03) << i;
  }
}

TEST(MaglevTable, SlotsAreFairAtManyPeers) {
  for (const std::uint32_t weight : {1u, 2u, 100u}) {
    const auto counts = SlotCounts(MaglevTable(EqualPeers(1000, weight), 9), 1000);
    const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
    EXPECT_LE(*most - *least, 1u) << "weight " << weight;
  }
}

// The weights add up to more than there are slots: still everybody has his share.
TEST(MaglevTable, SlotsAreFairAtManyPeersOfManyWeights) {
  auto peers = EqualPeers(5000);
  double sum = 0;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    peers[i].weight = static_cast<std::uint32_t>(20 + i * 37 % 81);
    sum += peers[i].weight;
  }
  const auto counts = SlotCounts(MaglevTable(peers, 9), peers.size());
  for (std::size_t i = 0; i < peers.size(); ++i)
    ASSERT_NEAR(counts[i], MaglevTable::kSlots * peers[i].weight / sum, 1.5) << i;
}

TEST(MaglevTable, RemovingOnePeerMovesFewKeysOfTheOthers) {
  const auto all = EqualPeers(10);
  const MaglevTable before(all, 0);
  double sum = 0;
  double worst = 0;
  for (std::size_t gone = 0; gone < all.size(); ++gone) {
    auto rest = all;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(gone));
    const MaglevTable after(rest, 0);
    std::uint32_t others = 0;
    std::uint32_t moved = 0;
    for (std::uint32_t key = 0; key < kKeys; ++key) {
      const std::uint32_t owner = before.Find(KeyHash(key));
      if (owner == gone) continue;
      ++others;
      moved += rest[after.Find(KeyHash(key))] != all[owner] ? 1 : 0;
    }
    const double share = static_cast<double>(moved) / others;
    sum += share;
    worst = std::max(worst, share);
  }
  EXPECT_LE(sum / 10, 0.01);
  EXPECT_LE(worst, 0.02);
}

}  // namespace
}  // namespace stevedore::runtime
