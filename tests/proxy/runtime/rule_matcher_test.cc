#include "proxy/runtime/rule_matcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>

namespace stevedore::runtime {
namespace {

using config::Condition;
using config::Operator;
using config::Rule;
using Octets = std::vector<std::uint8_t>;

// The oracle: what the words of the design say, read from the rule's text at every compare. It
// shares nothing with config/byte_match.
int OracleDigit(char c) {
  if (c <= '9') return c - '0';
  return c >= 'a' ? c - 'a' + 10 : c - 'A' + 10;
}

int OracleByte(const std::string& text, std::size_t nth) {
  if (text[1] == 'x') return OracleDigit(text[2 + 2 * nth]) * 16 + OracleDigit(text[3 + 2 * nth]);
  int byte = 0;
  for (std::size_t bit = 0; bit < 8; ++bit) byte = byte * 2 + (text[2 + 8 * nth + bit] - '0');
  return byte;
}

bool OracleHolds(const Condition& c, const Octets& payload) {
  if (static_cast<std::int64_t>(payload.size()) < c.end) return false;
  bool all_same = true, none_outside = true, all_set = true;
  for (std::int64_t at = c.start; at < c.end; ++at) {
    const int d = payload[static_cast<std::size_t>(at)];
    const int v = OracleByte(c.value, static_cast<std::size_t>(at - c.start));
    if (d != v) all_same = false;
    if ((d | v) != v) none_outside = false;
    if ((d & v) != v) all_set = false;
  }
  if (c.op == Operator::kEqual) return all_same;
  if (c.op == Operator::kNotEqual) return !all_same;
  if (c.op == Operator::kSubset) return none_outside;
  if (c.op == Operator::kNotSubset) return !none_outside;
  if (c.op == Operator::kSuperset) return all_set;
  return !all_set;
}

std::uint32_t OracleFind(const std::vector<Rule>& rules, const Octets& payload) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    bool all = true;
    for (const Condition& c : rules[i].match) all = all && OracleHolds(c, payload);
    if (all) return static_cast<std::uint32_t>(i);
  }
  return RuleMatcher::kNoRule;
}

std::string Text(const Octets& bytes, bool binary) {
  std::string text = binary ? "0b" : "0x";
  for (const std::uint8_t byte : bytes) {
    if (binary)
      for (int bit = 7; bit >= 0; --bit) text.push_back((byte >> bit & 1) != 0 ? '1' : '0');
    else
      for (const int digit : {byte >> 4, byte & 15})
        text.push_back("0123456789abcdefABCDEF"[digit]);
  }
  return text;
}

Rule OneRule(std::vector<Condition> match) { return {"r", std::move(match), "deny"}; }

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  // From 0 to n - 1.
  std::size_t Below(std::size_t n) { return random_() % n; }

  // Few ranges, so that rules share shapes and overlap; some long.
  Condition MakeCondition() {
    static constexpr std::int64_t kRanges[][2] = {{0, 1}, {0, 2},  {1, 3},   {4, 6},  {3, 12},
                                                  {2, 4}, {8, 24}, {0, 64},  {5, 69}, {20, 37},
                                                  {7, 8}, {0, 9},  {15, 16}, {6, 14}};
    // Early ranges more often: then contradictions and overlaps are frequent.
    const auto& range = kRanges[std::min(Below(std::size(kRanges)), Below(std::size(kRanges)))];
    Condition c;
    c.start = range[0];
    c.end = range[1];
    static constexpr Operator kOps[] = {Operator::kEqual,    Operator::kNotEqual,
                                        Operator::kSubset,   Operator::kNotSubset,
                                        Operator::kSuperset, Operator::kNotSuperset};
    c.op = kOps[Below(2) == 0 ? 0 : Below(6)];
    Octets value(static_cast<std::size_t>(c.end - c.start));
    for (std::uint8_t& byte : value) byte = Byte();
    c.value = Text(value, Below(4) == 0);
    return c;
  }

  std::vector<Rule> MakeRules() {
    const std::size_t count = Below(3) == 0 ? 1 + Below(200) : 1 + Below(20);
    std::vector<Rule> rules;
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<Condition> match;
      const std::size_t conditions = 1 + std::min(Below(8), Below(4));
      for (std::size_t k = 0; k < conditions; ++k) match.push_back(MakeCondition());
      rules.push_back(OneRule(std::move(match)));
    }
    return rules;
  }

  // Bytes that fulfil the positive conditions of some rule more often than not, of any length.
  Octets MakeDatagram(const std::vector<Rule>& rules) {
    Octets bytes(80);
    for (std::uint8_t& byte : bytes) byte = Byte();
    const Rule& rule = rules[Below(rules.size())];
    for (const Condition& c : rule.match) {
      const bool wanted = c.op == Operator::kEqual || c.op == Operator::kSubset ||
                          c.op == Operator::kSuperset || Below(3) == 0;
      for (std::int64_t at = c.start; wanted && at < c.end; ++at)
        bytes[static_cast<std::size_t>(at)] =
            static_cast<std::uint8_t>(OracleByte(c.value, static_cast<std::size_t>(at - c.start)));
    }
    if (Below(4) == 0) bytes[Below(bytes.size())] ^= static_cast<std::uint8_t>(1u << Below(8));
    if (Below(3) == 0) bytes.resize(Below(bytes.size() + 1));
    return bytes;
  }

 private:
  // Few values, so that equal bytes are frequent.
  std::uint8_t Byte() {
    static constexpr std::uint8_t kBytes[] = {0x00, 0x00, 0x01, 0x03, 0x80, 0xff, 0xa5};
    return kBytes[Below(std::size(kBytes))];
  }
  std::mt19937_64 random_;
};

TEST(RuleMatcher, AgreesWithANaiveOracleOnAMillionPairs) {
  Maker make(20260101);
  std::size_t hits = 0;
  std::size_t late_hits = 0;
  std::size_t short_ones = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::vector<Rule> rules = make.MakeRules();
    const RuleMatcher matcher(rules);
    for (int k = 0; k < 500; ++k) {
      const Octets payload = make.MakeDatagram(rules);
      const std::uint32_t expected = OracleFind(rules, payload);
      ASSERT_EQ(matcher.Find(payload), expected)
          << "round " << round << " datagram " << k << " of " << payload.size() << " bytes";
      hits += expected != RuleMatcher::kNoRule ? 1 : 0;
      late_hits += expected != RuleMatcher::kNoRule && expected > 0 ? 1 : 0;
      short_ones += payload.size() < 16 ? 1 : 0;
    }
  }
  // The pairs are worth something: neither outcome is rare, and first match was contended.
  EXPECT_GT(hits, 300'000u);
  EXPECT_LT(hits, 950'000u);
  EXPECT_GT(late_hits, 100'000u);
  EXPECT_GT(short_ones, 30'000u);
}

TEST(RuleMatcher, AThousandRulesOfOneRangeAndMaskAreOneShape) {
  std::vector<Rule> rules;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Octets value = {static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    rules.push_back(OneRule({{4, 6, Operator::kEqual, Text(value, false)}}));
  }
  const RuleMatcher matcher(rules);
  EXPECT_EQ(matcher.shape_count(), 1u);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const Octets payload = {
        9, 9, 9, 9, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
    ASSERT_EQ(matcher.Find(payload), i);
  }
  EXPECT_EQ(matcher.Find(Octets{9, 9, 9, 9, 0xff, 0xff}), RuleMatcher::kNoRule);
  EXPECT_EQ(matcher.Find(Octets{9, 9, 9, 9, 0}), RuleMatcher::kNoRule);
}

TEST(RuleMatcher, EdgesOfTheOperators) {
  struct Case {
    const char* about;
    Condition condition;
    Octets payload;
    bool holds;
  };
  const Case cases[] = {
      {"short, equal", {0, 2, Operator::kEqual, "0x0000"}, {0}, false},
      {"short, not equal", {0, 2, Operator::kNotEqual, "0x0000"}, {1}, false},
      {"short, not subset", {0, 2, Operator::kNotSubset, "0x0000"}, {1}, false},
      {"short, not superset", {0, 2, Operator::kNotSuperset, "0xffff"}, {1}, false},
      {"empty datagram", {0, 1, Operator::kNotEqual, "0x00"}, {}, false},
      {"exactly long enough", {0, 1, Operator::kEqual, "0x07"}, {7}, true},
      {"superset of nothing", {0, 1, Operator::kSuperset, "0x00"}, {7}, true},
      {"not superset of nothing", {0, 1, Operator::kNotSuperset, "0x00"}, {7}, false},
      {"subset of everything", {0, 1, Operator::kSubset, "0xff"}, {7}, true},
      {"not subset of everything", {0, 1, Operator::kNotSubset, "0xff"}, {7}, false},
      {"superset of nothing, short", {0, 2, Operator::kSuperset, "0x0000"}, {7}, false},
      {"bits", {0, 1, Operator::kSuperset, "0b10000001"}, {0xc1}, true},
      {"bits missing", {0, 1, Operator::kSuperset, "0b10000001"}, {0xc0}, false},
      {"upper case", {0, 1, Operator::kEqual, "0xAB"}, {0xab}, true},
  };
  for (const Case& c : cases) {
    const std::vector<Rule> rules = {OneRule({c.condition})};
    EXPECT_EQ(RuleMatcher(rules).Find(c.payload) == 0, c.holds) << c.about;
  }
}

TEST(RuleMatcher, RangesAtTheFarEndOfALongDatagram) {
  const std::string value = Text(Octets(64, 0x5a), false);
  const std::vector<Rule> rules = {OneRule({{1984, 2048, Operator::kNotEqual, value}}),
                                   OneRule({{1984, 2048, Operator::kEqual, value}})};
  const RuleMatcher matcher(rules);
  Octets payload(2048, 0x5a);
  EXPECT_EQ(matcher.Find(payload), 1u);
  payload.back() = 0;
  EXPECT_EQ(matcher.Find(payload), 0u);
  payload.pop_back();
  EXPECT_EQ(matcher.Find(payload), RuleMatcher::kNoRule);
}

TEST(RuleMatcher, NoRulesMatchNothing) {
  EXPECT_EQ(RuleMatcher().Find(Octets{1, 2, 3}), RuleMatcher::kNoRule);
  EXPECT_EQ(RuleMatcher(std::vector<Rule>{}).Find(Octets{}), RuleMatcher::kNoRule);
}

}  // namespace
}  // namespace stevedore::runtime
