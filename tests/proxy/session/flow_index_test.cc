#include "proxy/session/flow_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace stevedore::session {
namespace {

TEST(FlowIndex, FindsByHashKindAndEquality) {
  FlowIndex index(100);
  ASSERT_TRUE(static_cast<bool>(index));
  index.Insert(7, EntryKind::kSession, 1);
  index.Insert(7, EntryKind::kSession, 2);
  index.Insert(7, EntryKind::kFlow, 3);
  const auto is = [](SessionIndex wanted) {
    return [wanted](SessionIndex i) { return i == wanted; };
  };
  const auto any = [](SessionIndex) { return true; };
  EXPECT_EQ(index.Find(7, EntryKind::kSession, is(2)), 2u);
  EXPECT_EQ(index.Find(7, EntryKind::kFlow, any), 3u);
  EXPECT_EQ(index.Find(7, EntryKind::kFlow, is(1)), kNoSession);
  EXPECT_EQ(index.Find(8, EntryKind::kSession, any), kNoSession);
  index.Erase(7, EntryKind::kSession, 1);
  EXPECT_EQ(index.Find(7, EntryKind::kSession, any), 2u);
  index.Erase(7, EntryKind::kSession, 1);  // not there: nothing happens
  EXPECT_EQ(index.Find(7, EntryKind::kFlow, any), 3u);
}

TEST(FlowIndex, GuessesTheFirstOfThatHashAndKind) {
  FlowIndex index(16);
  EXPECT_EQ(index.Guess(7, EntryKind::kFlow), kNoSession);
  index.Insert(7, EntryKind::kSession, 3);
  EXPECT_EQ(index.Guess(7, EntryKind::kFlow), kNoSession);
  index.Insert(8, EntryKind::kFlow, 4);
  index.Insert(7, EntryKind::kFlow, 5);
  EXPECT_EQ(index.Guess(7, EntryKind::kFlow), 5u) << "behind two of others, which have its place";
  EXPECT_EQ(index.Guess(7, EntryKind::kSession), 3u);
}

TEST(FlowIndex, OneOfASessionsFlowsGoesAndTheOtherStays) {
  FlowIndex index(16);
  const auto any = [](SessionIndex) { return true; };
  index.Insert(7, EntryKind::kFlow, 3);
  index.Insert(8, EntryKind::kFlow, 3);  // at the same place, behind it
  index.Erase(8, EntryKind::kFlow, 3);
  EXPECT_EQ(index.Find(7, EntryKind::kFlow, any), 3u);
  EXPECT_EQ(index.Find(8, EntryKind::kFlow, any), kNoSession);
}

// Full to its load limit, with hashes that crowd the end of the table, so that runs wrap around.
TEST(FlowIndex, AgreesWithAModelUnderCrowding) {
  constexpr SessionIndex kSessions = 40;
  FlowIndex index(kSessions);
  std::mt19937 random(9);
  using Key = std::pair<SessionIndex, EntryKind>;
  std::map<Key, std::uint64_t> model;
  for (int step = 0; step < 200'000; ++step) {
    const Key key{random() % kSessions, random() % 2 == 0 ? EntryKind::kSession : EntryKind::kFlow};
    const auto found = model.find(key);
    if (found == model.end()) {
      const std::uint64_t hash = (random() % 3 == 0 ? 0xfffffff8u + random() % 8 : random()) |
                                 std::uint64_t{random()} << 32;
      index.Insert(hash, key.second, key.first);
      model[key] = hash;
    } else {
      index.Erase(found->second, key.second, key.first);
      model.erase(found);
    }
    if (step % 50 != 0) continue;
    for (const auto& [k, hash] : model)
      ASSERT_EQ(index.Find(hash, k.second, [wanted = k.first](auto i) { return i == wanted; }),
                k.first);
  }
  for (const auto& [k, hash] : model) index.Erase(hash, k.second, k.first);
  for (std::uint64_t hash = 0; hash < 256; ++hash)
    for (const EntryKind kind : {EntryKind::kSession, EntryKind::kFlow})
      ASSERT_EQ(index.Find(hash, kind, [](SessionIndex) { return true; }), kNoSession);
}

TEST(LazyArray, IsZeroAndSaysWhenThereIsNoMemory) {
  LazyArray<std::uint64_t> array(1000);
  ASSERT_TRUE(static_cast<bool>(array));
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(array[i], 0u);
  array[999] = 5;
  EXPECT_EQ(array[999], 5u);
  const LazyArray<std::uint64_t> impossible(std::size_t{1} << 58);
  EXPECT_FALSE(static_cast<bool>(impossible));
}

}  // namespace
}  // namespace stevedore::session
