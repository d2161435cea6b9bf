#include "controller/api/decode.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

Fields Read(const std::string& text, Findings& findings) {
  return Fields(*Json::Parse(text), "spec", findings);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{\"a\":}", "nonsense", "{} {}"})
    EXPECT_FALSE(Json::Parse(text)) << text;
}

TEST(Json, KeepsItsDocumentAlive) {
  std::optional<Json> inner;
  {
    const auto document = Json::Parse(R"({"a":{"b":[1,2,{"c":"deep"}]}})");
    inner = document->member("a")->member("b")->elements().at(2).member("c");
  }
  EXPECT_EQ(inner->string(), "deep");
}

TEST(Json, IntegersAreExact) {
  EXPECT_EQ(Json::Parse("9223372036854775807")->integer(), INT64_MAX);
  for (const char* text : {"9223372036854775808", "1.0", "1e3", "\"1\"", "true", "null"})
    EXPECT_EQ(Json::Parse(text)->integer(), std::nullopt) << text;
}

TEST(Json, IsTextAgain) {
  const std::string text = "[\"" + std::string(100, 'a') + "\"]";
  EXPECT_EQ(Json::Parse(text)->Dump(), text);
  EXPECT_EQ(Json::Parse(text)->Text(), text.substr(0, 77) + "...");
  EXPECT_EQ(Json::Parse("{ \"a\": 1 }")->Text(), R"({"a":1})");
}

TEST(Fields, CollectsEveryProblemWithItsPath) {
  Findings findings;
  Fields fields = Read(R"({"i":7,"s":5,"b":"x","l":{},"o":[],"e":"Third","extra":1})", findings);
  EXPECT_EQ(fields.Int("i", {0, 5}), std::nullopt);
  EXPECT_EQ(fields.String("s", {}), std::nullopt);
  EXPECT_EQ(fields.Bool("b"), std::nullopt);
  EXPECT_TRUE(fields.List("l").empty());
  EXPECT_FALSE(fields.Object("o"));
  static constexpr std::array<std::pair<std::string_view, int>, 2> kValues = {
      {{"One", 1}, {"Two", 2}}};
  EXPECT_EQ(fields.Enum("e", kValues), std::nullopt);
  fields.Require("missing");
  fields.RefuseUnknown();
  const config::FieldErrors expected = {
      {"spec.i", "7: must be an integer from 0 to 5"},
      {"spec.s", "5: must be a string (in YAML, put it in quotes)"},
      {"spec.b", "\"x\": must be true or false"},
      {"spec.l", "{}: must be a list"},
      {"spec.o", "[]: must be an object"},
      {"spec.e", "\"Third\": must be one of \"One\", \"Two\""},
      {"spec.missing", "must be set"}};
  EXPECT_EQ(findings.errors, expected);
  ASSERT_EQ(findings.unsupported.size(), 1u);
  EXPECT_EQ(findings.unsupported[0].path, "spec.extra");
}

TEST(Fields, NullIsAbsent) {
  Findings findings;
  Fields fields = Read(R"({"a":null})", findings);
  EXPECT_FALSE(fields.Has("a"));
  EXPECT_EQ(fields.Int("a", {0, 1}), std::nullopt);
  EXPECT_TRUE(findings.errors.empty());
}

TEST(Fields, ListElementsCarryTheirPath) {
  Findings findings;
  Fields fields = Read(R"({"l":[1,2,3]})", findings);
  const auto list = fields.List("l", {0, 2});
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[2].second, "spec.l[2]");
  ASSERT_EQ(findings.errors.size(), 1u);
  EXPECT_EQ(findings.errors[0].message, "3 entries: must have 0 to 2");
}

TEST(Names, FollowTheSchemasPatterns) {
  for (const char* text : {"a", "0", "a-b", "a0", "0-9"}) EXPECT_TRUE(IsLabel(text)) << text;
  for (const char* text : {"", "-a", "a-", "A", "a.b", "a_b"}) EXPECT_FALSE(IsLabel(text)) << text;
  EXPECT_TRUE(IsServiceName("kcp-1"));
  EXPECT_FALSE(IsServiceName("1-kcp"));
}

}  // namespace
}  // namespace stevedore::api
