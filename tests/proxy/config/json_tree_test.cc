#include "proxy/config/json_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/config/limits.h"

namespace stevedore::config {
namespace {

using ::testing::HasSubstr;

JsonNode Parsed(std::string_view text) {
  auto parsed = ParseJson(text);
  if (const auto* error = std::get_if<FieldError>(&parsed)) {
    ADD_FAILURE() << ToString(*error);
    return {};
  }
  return std::get<JsonNode>(parsed);
}

std::string ErrorOf(std::string_view text) {
  auto parsed = ParseJson(text);
  const auto* error = std::get_if<FieldError>(&parsed);
  return error == nullptr ? "" : ToString(*error);
}

TEST(ParseJson, KeepsValuesAndLines) {
  const JsonNode root = Parsed(R"({
  // a comment
  "port": 5
  , "low": -9223372036854775807, "seed": 18446744073709551615,
  /* two
     lines */ "list": [
    1,
    "two",
    {
      "deep": true
    }
  ], "none": null, "part": 1.5 })");
  ASSERT_EQ(root.kind, JsonNode::Kind::kObject);
  EXPECT_EQ(root.line, 1);
  EXPECT_EQ(root.Find("port")->magnitude, 5u);
  EXPECT_EQ(root.Find("port")->line, 3);
  EXPECT_TRUE(root.Find("low")->negative);
  EXPECT_EQ(root.Find("low")->magnitude, 9223372036854775807u);
  EXPECT_EQ(root.Find("seed")->magnitude, 18446744073709551615u);
  EXPECT_EQ(root.Find("list")->line, 6);
  EXPECT_EQ(root.Find("list")->children[0].line, 7);
  EXPECT_EQ(root.Find("list")->children[1].text, "two");
  EXPECT_EQ(root.Find("none")->kind, JsonNode::Kind::kNull);
  EXPECT_EQ(root.Find("part")->text, "1.5");
  EXPECT_EQ(root.Find("absent"), nullptr);
  EXPECT_EQ(root.Find("port")->Find("x"), nullptr);
}

TEST(LineOf, FindsTheFieldOrTheObjectAroundIt) {
  const JsonNode root = Parsed("{\n\"a\": [\n{\n\"b\":\n1},\n{\"c\": {\n\"d\": 2}}]}");
  EXPECT_EQ(LineOf(root, ""), 1);
  EXPECT_EQ(LineOf(root, "a"), 2);
  EXPECT_EQ(LineOf(root, "a[0]"), 3);
  EXPECT_EQ(LineOf(root, "a[0].b"), 4);
  EXPECT_EQ(LineOf(root, "a[1].c.d"), 7);
  EXPECT_EQ(LineOf(root, "a[1].missing.deep"), 6);
  EXPECT_EQ(LineOf(root, "a[9].b"), 2);
  EXPECT_EQ(LineOf(root, "nope"), 1);
}

TEST(ParseJson, SaysWhereAndWhatWasExpected) {
  EXPECT_EQ(ErrorOf(""), "the text is empty: expected a JSON object");
  EXPECT_EQ(ErrorOf(" \n\t"), "the text is empty: expected a JSON object");
  EXPECT_EQ(ErrorOf("{\n\"a\": 1"),
            "line 2: not valid JSON: the text ends too early; expected ',' or '}'");
  EXPECT_EQ(ErrorOf("{\n\"a\": [1\n2]}"),
            "line 3: not valid JSON: unexpected number literal; expected ',' or ']'");
  EXPECT_EQ(ErrorOf("{\"a\": 1,\n}"),
            "line 2: not valid JSON: unexpected '}'; expected a name in double quotes");
  EXPECT_THAT(ErrorOf("{} {}"), HasSubstr("line 1: not valid JSON: unexpected '{'; expected end"));
  EXPECT_THAT(ErrorOf("{\"a\": 1e999}"), HasSubstr("number overflow"));
  EXPECT_THAT(ErrorOf("{\n/* open"), HasSubstr("line 2: not valid JSON: invalid comment"));
  EXPECT_THAT(ErrorOf("{\"a\": \"\xff\"}"), HasSubstr("UTF-8"));
  EXPECT_THAT(ErrorOf("{\"a\x7f\"b"), HasSubstr("last read: '\"a?\"b'"));
  EXPECT_EQ(ErrorOf(std::string_view("{}\n\0", 4)), "line 2: not valid JSON: a NUL byte");
}

TEST(ParseJson, IsBounded) {
  EXPECT_EQ(ErrorOf(std::string(32, '[') + std::string(32, ']')), "");
  EXPECT_EQ(ErrorOf(std::string(33, '[') + std::string(33, ']')),
            "line 1: nested deeper than 32 levels");
  EXPECT_THAT(ErrorOf(std::string(1'000'000, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(ErrorOf(std::string(kMaxConfigBytes + 1, ' ')), HasSubstr("at most 67108864"));
}

// No cut and no damaged byte may do anything but give an error or a tree.
TEST(ParseJson, SurvivesEveryCutAndFlip) {
  const std::string text = R"({"a": [1, -2, 3.5, true, null, "x\u00e4"], /* c */ "b": {"c": {}}})";
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_NE(ErrorOf(std::string_view(text).substr(0, i)), "") << i;
    for (int byte = 0; byte < 256; ++byte) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(byte);
      (void)ErrorOf(damaged);
    }
  }
}

TEST(Describe, ShowsTheValue) {
  const JsonNode root = Parsed(R"([null, true, false, -5, 1.5, "x", [], {}])");
  std::string all;
  for (const JsonNode& node : root.children) all += Describe(node) + ";";
  EXPECT_EQ(all, "null;true;false;-5;1.5;\"x\";a list;an object;");
}

}  // namespace
}  // namespace stevedore::config
