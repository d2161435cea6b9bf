#include "controller/convert/reader.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ParseDuration, TakesWhatNginxAndGoWrite) {
  const std::pair<const char*, double> good[] = {
      {"30", 30},       {"30s", 30},      {"10m", 600},      {"1h30m", 5400}, {"1h 30m", 5400},
      {"500ms", 0.5},   {"1m0.5s", 60.5}, {"1d", 86400},     {"1w", 604800},  {"2M", 5184000},
      {"1y", 31536000}, {"0", 0},         {"1500us", 0.0015}};
  for (const auto& [text, seconds] : good) {
    ASSERT_TRUE(ParseDuration(text)) << text;
    EXPECT_DOUBLE_EQ(*ParseDuration(text), seconds) << text;
  }
  for (const char* text : {"", "s", "10x", "-5s", "5 s", "ten", "1..2s", "  "})
    EXPECT_FALSE(ParseDuration(text)) << text;
}

TEST(Reader, ReadsMembersOfTheRightType) {
  Conversion into;
  Reader reader = ReaderOf("{t: text, n: 5, f: true, o: {a: 1}, l: [{b: 2}], s: [x, y]}", into);
  EXPECT_EQ(reader.Text("t"), "text");
  EXPECT_EQ(reader.Number("n", {1, 9}), 5);
  EXPECT_EQ(reader.Flag("f"), true);
  EXPECT_EQ(reader.Object("o")->place().field, "o");
  EXPECT_EQ(reader.List("l").at(0).place().field, "l[0]");
  EXPECT_THAT(reader.Texts("s"), ElementsAre("x", "y"));
  EXPECT_EQ(reader.Text("none"), std::nullopt);
  EXPECT_THAT(reader.List("none"), IsEmpty());
  EXPECT_THAT(into.errors, IsEmpty());
}

TEST(Reader, ReportsWrongMembersWithPlaceAndValue) {
  Conversion into;
  Reader reader = ReaderOf("{t: 5, n: 10, f: 'yes', o: [], l: {}, i: [1], s: [1], d: soon}", into);
  EXPECT_EQ(reader.Text("t"), std::nullopt);
  EXPECT_EQ(reader.Number("n", {1, 9}), std::nullopt);
  EXPECT_EQ(reader.Flag("f"), std::nullopt);
  EXPECT_FALSE(reader.Object("o"));
  EXPECT_THAT(reader.List("l"), IsEmpty());
  EXPECT_THAT(reader.List("i"), IsEmpty());
  EXPECT_THAT(reader.Texts("s"), IsEmpty());
  EXPECT_EQ(reader.Seconds("d", {1, 9}), std::nullopt);
  EXPECT_THAT(
      Lines(into.errors),
      ElementsAre("f.yaml: Kind ns/name: t: 5: must be a string",
                  "f.yaml: Kind ns/name: n: 10: must be an integer from 1 to 9",
                  "f.yaml: Kind ns/name: f: \"yes\": must be true or false",
                  "f.yaml: Kind ns/name: o: []: must be an object",
                  "f.yaml: Kind ns/name: l: {}: must be a list",
                  "f.yaml: Kind ns/name: i[0]: 1: must be an object",
                  "f.yaml: Kind ns/name: s: [1]: must be a list of strings",
                  "f.yaml: Kind ns/name: d: \"soon\": must be a duration such as \"30s\" or "
                  "\"10m\""));
}

TEST(Reader, RoundsAndCutsWithALoss) {
  Conversion into;
  Reader reader = ReaderOf("{a: 1m, b: 1500ms, c: 2d, d: 0, e: 12, f: 7, g: 8}", into);
  EXPECT_EQ(reader.Seconds("a", {1, 86400}), 60);
  EXPECT_EQ(reader.Seconds("b", {1, 86400}), 2);
  EXPECT_EQ(reader.Seconds("c", {1, 86400}), 86400);
  EXPECT_EQ(reader.Seconds("d", {1, 86400}), 1);
  EXPECT_EQ(reader.Fitting("e", {1, 10}), 10);
  EXPECT_EQ(reader.Fitting("f", {1, 10}), 7);
  EXPECT_EQ(reader.Seconds("g", {1, 10}), 8);
  EXPECT_THAT(into.errors, IsEmpty());
  ASSERT_EQ(into.losses.size(), 4u);
  EXPECT_EQ(into.losses[0].value, "\"1500ms\"");
  EXPECT_THAT(into.losses[0].text, testing::HasSubstr("2 s is used"));
  EXPECT_EQ(into.losses[3].text, "10 is used, since Stevedore takes 1 to 10");
}

TEST(Reader, LosesWhatNobodyAskedFor) {
  Conversion into;
  Reader reader = ReaderOf("{a: 1, b: 2, c: 3, d: 4}", into);
  reader.Raw("a");
  reader.Skip({"b"});
  reader.Lose("c", "why");
  reader.LoseOthers("not known");
  EXPECT_THAT(Lines(into.losses), ElementsAre("f.yaml: Kind ns/name: c: 3: why",
                                              "f.yaml: Kind ns/name: c: 3: not known",
                                              "f.yaml: Kind ns/name: d: 4: not known"));
}

}  // namespace
}  // namespace stevedore::convert
