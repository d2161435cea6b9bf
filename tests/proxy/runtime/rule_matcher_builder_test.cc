#include "proxy/runtime/rule_matcher_builder.h"

#include <gtest/gtest.h>

namespace stevedore::runtime {
namespace {

using config::Condition;
using config::Operator;
using config::Rule;

std::vector<Rule> Rules(const std::vector<std::vector<Condition>>& matches) {
  std::vector<Rule> rules;
  for (const auto& match : matches) rules.push_back({"r", match, "deny"});
  return rules;
}

TEST(RuleMatcherBuilder, ShapesAreRangeAndMask) {
  struct Case {
    const char* about;
    std::vector<std::vector<Condition>> matches;
    std::size_t shapes;
  };
  const Case cases[] = {
      {"none", {}, 0},
      {"other values", {{{0, 1, Operator::kEqual, "0x01"}}, {{0, 1, Operator::kEqual, "0x02"}}}, 1},
      {"other range", {{{0, 1, Operator::kEqual, "0x01"}}, {{1, 2, Operator::kEqual, "0x01"}}}, 2},
      {"other mask",
       {{{0, 1, Operator::kSuperset, "0x01"}}, {{0, 1, Operator::kSuperset, "0x02"}}},
       2},
      {"subset and superset of complementary values",
       {{{0, 1, Operator::kSuperset, "0x01"}}, {{0, 1, Operator::kSubset, "0xfe"}}},
       1},
      {"negated ones join the empty shape",
       {{{0, 1, Operator::kNotEqual, "0x01"}}, {{5, 6, Operator::kNotEqual, "0x02"}}},
       1},
      {"impossible ones have none",
       {{{0, 1, Operator::kEqual, "0x01"}, {0, 1, Operator::kEqual, "0x02"}}},
       0},
      {"a range in two halves",
       {{{0, 2, Operator::kEqual, "0x0102"}},
        {{0, 1, Operator::kEqual, "0x03"}, {1, 2, Operator::kEqual, "0x04"}}},
       1},
  };
  for (const Case& c : cases)
    EXPECT_EQ(RuleMatcher(Rules(c.matches)).shape_count(), c.shapes) << c.about;
}

TEST(RuleMatcherBuilder, TheLargestRuleFitsTheKey) {
  // Eight conditions of 64 bytes with gaps that begin a new word each time.
  std::vector<Condition> match;
  for (std::int64_t i = 0; i < 8; ++i) {
    std::string value = "0x";
    for (int k = 0; k < 64; ++k) value += k % 2 == 0 ? "ff" : "01";
    match.push_back({i * 67, i * 67 + 64, Operator::kSuperset, value});
  }
  const RuleMatcher matcher(Rules({match}));
  std::vector<std::uint8_t> payload(std::size_t{8} * 67, 0xff);
  EXPECT_EQ(matcher.Find(payload), 0u);
  payload[7 * 67 + 63] = 0xfe;
  EXPECT_EQ(matcher.Find(payload), RuleMatcher::kNoRule);
}

TEST(RuleMatcherBuilder, EqualRulesKeepListOrder) {
  const RuleMatcher matcher(
      Rules({{{0, 1, Operator::kEqual, "0x02"}},
             {{0, 1, Operator::kEqual, "0x01"}, {0, 9, Operator::kSubset, "0xffffffffffffffffff"}},
             {{0, 1, Operator::kEqual, "0x01"}},
             {{0, 1, Operator::kEqual, "0x01"}}}));
  const std::vector<std::uint8_t> brief = {1};
  const std::vector<std::uint8_t> whole(9, 1);
  EXPECT_EQ(matcher.Find(brief), 2u);
  EXPECT_EQ(matcher.Find(whole), 1u);
}

TEST(RuleMatcherBuilder, HashMixesEveryBit) {
  for (int bit = 0; bit < 64; ++bit)
    EXPECT_NE(MixWord(kWordHashSeed, 0), MixWord(kWordHashSeed, std::uint64_t{1} << bit)) << bit;
}

}  // namespace
}  // namespace stevedore::runtime
