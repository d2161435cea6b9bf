#include "proxy/runtime/balancer.h"

#include <gtest/gtest.h>

#include <map>

#include "proxy/runtime/hash.h"
#include "tests/proxy/runtime/peers.h"

namespace stevedore::runtime {
namespace {

std::vector<PeerState> States(std::uint32_t count) {
  std::vector<PeerState> states;
  for (const WeightedPeer& peer : EqualPeers(count)) {
    PeerState state;
    state.id = PeerId{static_cast<std::uint32_t>(100 + states.size())};
    state.peer = peer;
    states.push_back(state);
  }
  return states;
}

PickSet Set(const std::vector<PeerState>& states, config::Algorithm algorithm) {
  MaglevCache cache;
  return BuildPickSet(states, algorithm, config::WhenNoneUsable::kDrop, 5, cache);
}

std::uint64_t KeyHash(std::uint64_t key) { return Rehash(key, 1000); }

TEST(PickRoundRobin, TakesTurnsAndKeepsPosition) {
  const PickSet three = Set(States(3), config::Algorithm::kRoundRobin);
  std::uint64_t position = 2;
  std::vector<std::uint32_t> picks;
  for (int i = 0; i < 5; ++i) picks.push_back(Raw(PickRoundRobin(three, position)));
  EXPECT_EQ(picks, (std::vector<std::uint32_t>{102, 100, 101, 102, 100}));
  // A set with fewer turns takes the position over.
  const PickSet one = Set(States(1), config::Algorithm::kRoundRobin);
  EXPECT_EQ(PickRoundRobin(one, position), PeerId{100});
  std::uint64_t far = ~std::uint64_t{0};
  EXPECT_NE(PickRoundRobin(three, far), kNoPeerId);
}

TEST(PickRoundRobin, NobodyToPick) {
  std::uint64_t position = 0;
  EXPECT_EQ(PickRoundRobin(Set({}, config::Algorithm::kRoundRobin), position), kNoPeerId);
}

TEST(PickByHash, NobodyToPick) {
  EXPECT_EQ(PickByHash(Set({}, config::Algorithm::kConsistentHash), 1), kNoPeerId);
}

TEST(PickByHash, KeysOfOthersNeverMoveWhenPeersBecomeUnusable) {
  const auto states = States(10);
  const PickSet all = Set(states, config::Algorithm::kConsistentHash);
  auto sick = states;
  for (const std::size_t i : {2u, 5u, 6u}) sick[i].passing = false;
  const PickSet some = Set(sick, config::Algorithm::kConsistentHash);
  ASSERT_EQ(some.usable.size(), 7u);
  std::map<PeerId, int> heirs;
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    const PeerId before = PickByHash(all, KeyHash(key));
    const PeerId after = PickByHash(some, KeyHash(key));
    const bool lost = before == PeerId{102} || before == PeerId{105} || before == PeerId{106};
    if (!lost) {
      ASSERT_EQ(before, after);
    } else {
      ASSERT_NE(after, kNoPeerId);
      ++heirs[after];
    }
  }
  // What the sick ones had is spread, and none of them is picked.
  EXPECT_EQ(heirs.size(), 7u);
  for (const auto& [peer, keys] : heirs) EXPECT_GT(keys, 3000) << Raw(peer);
}

TEST(PickByHash, OneUsableOfManyServesEveryKey) {
  auto states = States(500);
  for (auto& state : states) state.passing = false;
  states[321].passing = true;
  const PickSet set = Set(states, config::Algorithm::kConsistentHash);
  for (std::uint64_t key = 0; key < 2000; ++key)
    for (const std::uint32_t attempt : {0u, 1u, 8u, 15u})
      ASSERT_EQ(PickByHash(set, KeyHash(key), attempt), PeerId{421});
}

TEST(PickByHash, AttemptsTryOtherPeers) {
  const PickSet set = Set(States(10), config::Algorithm::kConsistentHash);
  int other = 0;
  for (std::uint64_t key = 0; key < 1000; ++key) {
    ASSERT_NE(PickByHash(set, KeyHash(key), 40), kNoPeerId);
    other += PickByHash(set, KeyHash(key), 0) != PickByHash(set, KeyHash(key), 1) ? 1 : 0;
  }
  EXPECT_GT(other, 850);
}

TEST(Rehash, TryZeroIsTheHashItself) {
  EXPECT_EQ(Rehash(77, 0), 77u);
  const std::uint8_t bytes[8] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01};
  EXPECT_EQ(Rehash(0x0102030405060708ull, 3), Xxh64(bytes, 3));
}

}  // namespace
}  // namespace stevedore::runtime
