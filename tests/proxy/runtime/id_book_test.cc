#include "proxy/runtime/id_book.h"

#include <gtest/gtest.h>

#include <string>

namespace stevedore::runtime {
namespace {

using std::chrono::seconds;

class IdBookTest : public testing::Test {
 protected:
  // One round that asks for `keys`; the ids they have.
  std::vector<std::uint32_t> Round(const std::vector<std::string>& keys, Nanos now,
                                   Nanos rest = seconds(10)) {
    std::vector<std::uint32_t> ids;
    book_.BeginRound();
    for (const std::string& key : keys)
      ids.push_back(book_.Get(key, [this] { return ++made_; }).id);
    book_.EndRound(now, rest);
    return ids;
  }
  IdBook<std::string, int> book_;
  int made_ = 0;
};

using Ids = std::vector<std::uint32_t>;

TEST_F(IdBookTest, IdsAndValuesStay) {
  EXPECT_EQ(Round({"a", "b"}, seconds(1)), (Ids{0, 1}));
  EXPECT_EQ(Round({"b", "a", "a"}, seconds(2)), (Ids{1, 0, 0}));
  EXPECT_EQ(made_, 2);
  EXPECT_EQ(book_.entries().at("b").value, 2);
  EXPECT_EQ(book_.limit(), 2u);
}

TEST_F(IdBookTest, RemovedIdsRest) {
  Round({"a", "b"}, seconds(1));
  EXPECT_EQ(Round({"b"}, seconds(2)), Ids{1});  // 0 rests until 12
  EXPECT_EQ(book_.entries().count("a"), 0u);
  EXPECT_EQ(Round({"b", "c"}, seconds(11)), (Ids{1, 2}));
  EXPECT_EQ(Round({"b", "c"}, seconds(12)), (Ids{1, 2}));
  EXPECT_EQ(Round({"b", "c", "d"}, seconds(13)), (Ids{1, 2, 0})) << "its rest is over";
  EXPECT_EQ(book_.limit(), 3u);
}

TEST_F(IdBookTest, AKeyThatComesBackIsNew) {
  Round({"a"}, seconds(1));
  Round({}, seconds(2));
  EXPECT_EQ(Round({"a"}, seconds(3)), Ids{1});
  EXPECT_EQ(made_, 2);
}

TEST_F(IdBookTest, ALongerRestIsNotCutByAShorterOneBehindIt) {
  Round({"a", "b"}, seconds(1));
  Round({"b"}, seconds(2), seconds(100));
  Round({}, seconds(3), seconds(1));
  Round({}, seconds(50));
  EXPECT_EQ(Round({"c"}, seconds(51)), Ids{2}) << "0 rests until 102, and 1 stands behind it";
}

}  // namespace
}  // namespace stevedore::runtime
