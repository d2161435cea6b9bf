#include "proxy/config/json_fields.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

namespace stevedore::config {
namespace {

// The errors, a line each, of reading `text` as an object at "at".
std::string ErrorsOfReading(std::string_view text, const std::function<void(Fields&)>& read) {
  const JsonNode root = std::get<JsonNode>(ParseJson(text));
  const FieldPath document;
  FieldErrors errors;
  Fields fields(root, document.Field("at"), errors);
  read(fields);
  fields.RefuseOthers();
  std::string all;
  for (const FieldError& error : errors) all += ToString(error) + "\n";
  return all;
}

constexpr std::array<std::pair<std::string_view, int>, 2> kNames = {{{"One", 1}, {"Two", 2}}};

TEST(Fields, ReadsEveryType) {
  std::int64_t integer = 0;
  std::uint64_t seed = 0;
  std::string text, items;
  bool flag = false;
  int number = 0;
  EXPECT_EQ(ErrorsOfReading(
                R"({"i": -5, "u": 18446744073709551615, "t": "x", "b": true,
                    "e": "Two", "l": ["p", "q"]})",
                [&](Fields& fields) {
                  fields.Integer("i", integer);
                  fields.Unsigned("u", seed);
                  fields.Text("t", text);
                  fields.Boolean("b", flag);
                  fields.Enum("e", number, kNames);
                  fields.List("l", [&](const JsonNode& item, const FieldPath& path) {
                    items += path.ToString() + "=" + item.text + " ";
                  });
                }),
            "");
  EXPECT_EQ(integer, -5);
  EXPECT_EQ(seed, 18446744073709551615u);
  EXPECT_EQ(text, "x");
  EXPECT_TRUE(flag);
  EXPECT_EQ(number, 2);
  EXPECT_EQ(items, "at.l[0]=p at.l[1]=q ");
}

TEST(Fields, ReportsWrongTypesAndKeepsTheDefault) {
  std::int64_t integer = 7;
  std::string text = "kept";
  bool flag = true;
  EXPECT_EQ(ErrorsOfReading("{\n\"i\": \"5\",\n\"t\": 5, \"b\": null, \"l\": {}}",
                            [&](Fields& fields) {
                              fields.Integer("i", integer);
                              fields.Text("t", text);
                              fields.Boolean("b", flag);
                              fields.List("l", [](const JsonNode&, const FieldPath&) {});
                            }),
            "line 2: at.i: \"5\": must be a whole number\n"
            "line 3: at.t: 5: must be text in double quotes\n"
            "line 3: at.b: null: must be true or false\n"
            "line 3: at.l: an object: must be a list\n");
  EXPECT_EQ(integer, 7);
  EXPECT_EQ(text, "kept");
  EXPECT_TRUE(flag);
}

TEST(Fields, ReportsNumbersOutOfTheType) {
  std::int64_t integer = 0;
  std::uint64_t seed = 0;
  EXPECT_EQ(ErrorsOfReading(R"({"i": 9223372036854775808, "j": 1.0, "u": -1})",
                            [&](Fields& fields) {
                              fields.Integer("i", integer);
                              fields.Integer("j", integer);
                              fields.Unsigned("u", seed);
                            }),
            "line 1: at.i: 9223372036854775808: must be within 64 bits\n"
            "line 1: at.j: 1.0: must be a whole number\n"
            "line 1: at.u: -1: must be 0 or more\n");
}

TEST(Fields, ListsTheChoices) {
  int number = 0;
  EXPECT_EQ(
      ErrorsOfReading(R"({"e": "two"})", [&](Fields& fields) { fields.Enum("e", number, kNames); }),
      "line 1: at.e: \"two\": must be one of \"One\", \"Two\"\n");
}

TEST(Fields, ReportsMissingRepeatedAndUnknownFields) {
  std::int64_t port = 0;
  EXPECT_EQ(ErrorsOfReading("{\"prot\": 1,\n\"other\": 2, \"other\": 3, \"PORT\": 4}",
                            [&](Fields& fields) { fields.Integer("port", port, Need::kRequired); }),
            "line 2: at.other: given twice, first in line 2\n"
            "line 1: at.port: missing: must be set\n"
            "line 1: at.prot: unknown field: did you mean \"port\"?\n"
            "line 2: at.other: unknown field\n"
            "line 2: at.other: unknown field\n"
            "line 2: at.PORT: unknown field: did you mean \"port\"?\n");
}

TEST(Fields, ReportsANodeThatIsNoObjectOnce) {
  std::int64_t port = 0;
  EXPECT_EQ(
      ErrorsOfReading("[1]", [&](Fields& fields) { fields.Integer("p", port, Need::kRequired); }),
      "line 1: at: a list: must be an object\n");
}

TEST(ReadText, TakesTextOnly) {
  const JsonNode root = std::get<JsonNode>(ParseJson("[\"x\", 5]"));
  FieldErrors errors;
  std::string out;
  ReadText(root.children[0], FieldPath(), errors, out);
  EXPECT_EQ(out, "x");
  ReadText(root.children[1], FieldPath(), errors, out);
  EXPECT_EQ(errors.size(), 1u);
}

}  // namespace
}  // namespace stevedore::config
