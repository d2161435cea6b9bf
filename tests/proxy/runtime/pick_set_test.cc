#include "proxy/runtime/pick_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/proxy/runtime/peers.h"

namespace stevedore::runtime {
namespace {

using config::Algorithm;
using config::Drain;
using config::WhenNoneUsable;
using Ids = std::vector<PeerId>;

// One letter per peer: R ready, D draining, B backup; lower case: failing its probe. Ids 0, 1, ...
std::vector<PeerState> States(const std::string& letters) {
  std::vector<PeerState> states;
  for (const char letter : letters) {
    const auto n = static_cast<std::uint32_t>(states.size());
    PeerState state;
    state.id = PeerId{n};
    state.peer = {PeerAddress(n), 1};
    state.backup = letter == 'B' || letter == 'b';
    state.draining = letter == 'D' || letter == 'd';
    state.passing = letter < 'a';
    states.push_back(state);
  }
  return states;
}

PickSet Build(const std::string& letters, WhenNoneUsable otherwise, Algorithm algorithm) {
  MaglevCache cache;
  return BuildPickSet(States(letters), algorithm, otherwise, 0, cache);
}

Ids IdsOf(const std::vector<std::uint32_t>& numbers) {
  Ids ids;
  for (const std::uint32_t n : numbers) ids.push_back(PeerId{n});
  return ids;
}

TEST(PickSet, Tiers) {
  struct Case {
    const char* letters;
    WhenNoneUsable otherwise;
    Tier tier;
    std::vector<std::uint32_t> usable;
    std::size_t members;
  };
  constexpr auto kOpen = WhenNoneUsable::kFailOpen;
  constexpr auto kDrop = WhenNoneUsable::kDrop;
  const Case cases[] = {
      {"", kOpen, Tier::kNone, {}, 0},
      {"", kDrop, Tier::kNone, {}, 0},
      {"RR", kOpen, Tier::kReady, {0, 1}, 2},
      {"RrRDB", kOpen, Tier::kReady, {0, 2}, 3},
      {"rDdB", kOpen, Tier::kDraining, {1}, 2},
      {"DD", kDrop, Tier::kDraining, {0, 1}, 2},
      {"rdBb", kOpen, Tier::kBackup, {2}, 2},
      {"B", kDrop, Tier::kBackup, {0}, 1},
      {"rrdb", kOpen, Tier::kFailOpen, {0, 1}, 2},
      {"ddb", kOpen, Tier::kFailOpen, {0, 1}, 2},
      {"bb", kOpen, Tier::kNone, {}, 0},
      {"rrdb", kDrop, Tier::kNone, {}, 0},
      {"bb", kDrop, Tier::kNone, {}, 0},
  };
  for (const Case& c : cases) {
    for (const Algorithm algorithm : {Algorithm::kRoundRobin, Algorithm::kConsistentHash}) {
      const PickSet set = Build(c.letters, c.otherwise, algorithm);
      EXPECT_EQ(set.tier, c.tier) << c.letters;
      EXPECT_EQ(set.usable, IdsOf(c.usable)) << c.letters;
      EXPECT_EQ(set.members.size(), c.members) << c.letters;
      const bool hashes = algorithm == Algorithm::kConsistentHash && c.members != 0;
      EXPECT_EQ(set.table != nullptr, hashes) << c.letters;
      EXPECT_EQ(set.ring.empty(), algorithm == Algorithm::kConsistentHash || c.usable.empty());
    }
  }
}

TEST(PickSet, OrderOfPeersDoesNotMatter) {
  auto states = States("RRrRRD");
  MaglevCache cache;
  const auto build = [&](Algorithm algorithm) {
    return BuildPickSet(states, algorithm, WhenNoneUsable::kFailOpen, 0, cache);
  };
  const PickSet a = build(Algorithm::kConsistentHash);
  std::reverse(states.begin(), states.end());
  const PickSet b = build(Algorithm::kConsistentHash);
  EXPECT_EQ(a.usable, b.usable);
  EXPECT_EQ(a.table, b.table) << "the cache knows the content";
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    EXPECT_EQ(a.members[i].id, b.members[i].id);
    EXPECT_EQ(a.members[i].usable, b.members[i].usable);
  }
}

TEST(MaglevCache, ReusesWhatIsStillInUse) {
  MaglevCache cache;
  auto first = cache.Get(EqualPeers(3), 1);
  EXPECT_EQ(cache.Get(EqualPeers(3), 1), first);
  EXPECT_NE(cache.Get(EqualPeers(3), 2), first);
  EXPECT_NE(cache.Get(EqualPeers(4), 1), first);
  EXPECT_NE(cache.Get(EqualPeers(3, 2), 1), first);
  const std::weak_ptr<const MaglevTable> watched = first;
  first.reset();
  EXPECT_TRUE(watched.expired()) << "the cache itself keeps nothing alive";
}

TEST(Keepable, UsableOrDrainingAndKept) {
  struct Case {
    const char* letters;
    bool expired;
    Drain drain;
    std::vector<bool> keepable;
  };
  const Case cases[] = {
      {"RrDdB", false, Drain::kKeep, {true, false, true, false, false}},
      {"RrDdB", false, Drain::kMove, {true, false, false, false, false}},
      {"RD", true, Drain::kKeep, {true, false}},
      {"rDB", false, Drain::kMove, {false, true, false}},  // draining ones serve: usable
      {"rdB", false, Drain::kKeep, {false, false, true}},
      {"rdb", false, Drain::kKeep, {true, false, false}},  // fail open
  };
  for (const Case& c : cases) {
    auto states = States(c.letters);
    for (PeerState& state : states) state.drain_expired = c.expired && state.draining;
    MaglevCache cache;
    const PickSet set =
        BuildPickSet(states, Algorithm::kRoundRobin, WhenNoneUsable::kFailOpen, 0, cache);
    for (std::size_t i = 0; i < states.size(); ++i)
      EXPECT_EQ(Keepable(states[i], set, c.drain), c.keepable[i]) << c.letters << " " << i;
  }
}

}  // namespace
}  // namespace stevedore::runtime
