#include "controller/kube/watch_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace stevedore::kube {
namespace {

using ::testing::HasSubstr;
using Type = WatchEvent::Type;

std::string Line(const std::string& type, const std::string& name, const std::string& version) {
  return R"({"type":")" + type + R"(","object":{"metadata":{"namespace":"game","name":")" + name +
         R"(","resourceVersion":")" + version + "\"}}}\n";
}

TEST(WatchParser, AnySplitOfTheBytesGivesTheSameEvents) {
  const std::string stream = Line("ADDED", "a", "1") + "\n\r\n" + Line("MODIFIED", "a", "2") +
                             Line("DELETED", "b", "3") + Line("BOOKMARK", "", "4");
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    WatchParser parser;
    std::vector<WatchEvent> events;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      ASSERT_TRUE(parser.Feed(std::string_view(stream).substr(at, size), events)) << size;
    }
    ASSERT_EQ(events.size(), 4u) << size;
    EXPECT_EQ(events[0].type, Type::kAdded);
    EXPECT_EQ(events[0].object.key, (Key{"game", "a"}));
    EXPECT_EQ(events[1].type, Type::kModified);
    EXPECT_EQ(events[2].type, Type::kDeleted);
    EXPECT_EQ(events[2].object.key, (Key{"game", "b"}));
    EXPECT_EQ(events[3].type, Type::kBookmark);
    EXPECT_EQ(events[3].resource_version, "4");
  }
}

TEST(WatchParser, AnUnfinishedLineIsNoEvent) {
  WatchParser parser;
  std::vector<WatchEvent> events;
  std::string line = Line("ADDED", "a", "1");
  line.pop_back();
  ASSERT_TRUE(parser.Feed(line, events));
  EXPECT_TRUE(events.empty());
  ASSERT_TRUE(parser.Feed("\n", events));
  EXPECT_EQ(events.size(), 1u);
}

TEST(WatchParser, EventsBeforeABrokenLineAreKept) {
  WatchParser parser;
  std::vector<WatchEvent> events;
  const Result<> fed = parser.Feed(Line("ADDED", "a", "1") + "{broken\n", events);
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().detail, HasSubstr("not a JSON object"));
  EXPECT_EQ(events.size(), 1u);
}

TEST(WatchParser, ALineMayBeLongButNotBeyondTheLimit) {
  const std::string big(3u << 20, 'x');
  std::vector<WatchEvent> events;
  WatchParser parser;
  ASSERT_TRUE(parser.Feed(Line("ADDED", big, "1"), events));
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].object.key.name.size(), big.size());

  const Result<> at_once = WatchParser(100).Feed(std::string(101, ' '), events);
  ASSERT_FALSE(at_once);
  EXPECT_THAT(at_once.error().detail, HasSubstr("longer than 100 bytes"));

  WatchParser small(100);
  bool refused = false;
  for (int i = 0; i < 101 && !refused; ++i) refused = !small.Feed("x", events);
  EXPECT_TRUE(refused);
}

}  // namespace
}  // namespace stevedore::kube
