#include "proxy/config/byte_match.h"

#include <gtest/gtest.h>

#include <random>

namespace stevedore::config {
namespace {

// The oracle: conditions decided bit by bit over text, from their definition and nothing else.
std::string BitsOf(const std::vector<std::uint8_t>& bytes) {
  std::string bits;
  for (const std::uint8_t byte : bytes)
    for (int bit = 7; bit >= 0; --bit) bits.push_back((byte & (1 << bit)) != 0 ? '1' : '0');
  return bits;
}

bool OracleHolds(const std::string& symbol, std::size_t start, std::size_t end,
                 const std::string& value, const std::string& payload) {
  if (payload.size() < end * 8) return false;
  const std::string data = payload.substr(start * 8, (end - start) * 8);
  std::string joined, common;
  for (std::size_t i = 0; i < data.size(); ++i) {
    joined.push_back(data[i] == '1' || value[i] == '1' ? '1' : '0');
    common.push_back(data[i] == '1' && value[i] == '1' ? '1' : '0');
  }
  if (symbol == "==") return data == value;
  if (symbol == "!==") return data != value;
  if (symbol == "|=") return joined == value;
  if (symbol == "!|=") return joined != value;
  if (symbol == "&=") return common == value;
  return common != value;
}

class Random {
 public:
  std::size_t Below(std::size_t n) { return engine_() % n; }
  // Few distinct bytes, so that comparisons often hold.
  Bytes SomeBytes(std::size_t n) {
    static constexpr std::uint8_t kBytes[] = {0x00, 0x01, 0x80, 0xff, 0x0f, 0x03};
    Bytes bytes(n);
    for (std::uint8_t& byte : bytes) byte = kBytes[Below(std::size(kBytes))];
    return bytes;
  }

 private:
  std::mt19937 engine_{20240611};
};

const char* const kSymbols[] = {"==", "!==", "|=", "!|=", "&=", "!&="};

TEST(Operator, SymbolsGoBothWays) {
  for (const char* symbol : kSymbols) {
    const auto op = ParseOperator(symbol);
    ASSERT_TRUE(op) << symbol;
    EXPECT_EQ(ToString(*op), symbol);
    EXPECT_EQ(IsNegated(*op), symbol[0] == '!') << symbol;
  }
  for (const char* text : {"", "=", "!=", "===", "|", "== "}) EXPECT_FALSE(ParseOperator(text));
}

TEST(ParseValue, ReadsHexAndBits) {
  EXPECT_EQ(ParseValue("0x00ffAb"), (Bytes{0x00, 0xff, 0xab}));
  EXPECT_EQ(ParseValue("0b1000000100000000"), (Bytes{0x81, 0x00}));
  EXPECT_EQ(ParseValue("0x"), Bytes{});
  for (const char* text : {"", "0", "1234", "0x0", "0xg0", "0b", "0b0000000", "0b00000002", "0X00",
                           "0B00000000", " 0x00", "0x00 ", "0x-1"})
    EXPECT_FALSE(ParseValue(text)) << text;
}

TEST(FormatHex, IsReadBack) {
  const Bytes bytes = {0x00, 0x7f, 0xff};
  EXPECT_EQ(FormatHex(bytes), "0x007fff");
  EXPECT_EQ(ParseValue(FormatHex(bytes)), bytes);
}

TEST(Holds, AgreesWithTheOracle) {
  Random random;
  int held = 0;
  for (int round = 0; round < 100000; ++round) {
    const std::size_t start = random.Below(4), length = 1 + random.Below(3);
    const std::string symbol = kSymbols[random.Below(6)];
    const Bytes value = random.SomeBytes(length), payload = random.SomeBytes(random.Below(9));
    const std::string text = random.Below(2) == 0 ? FormatHex(value) : "0b" + BitsOf(value);
    const Condition condition{static_cast<std::int64_t>(start),
                              static_cast<std::int64_t>(start + length),
                              ParseOperator(symbol).value(), text};
    const bool expected =
        OracleHolds(symbol, start, start + length, BitsOf(value), BitsOf(payload));
    ASSERT_EQ(Holds(condition, payload), expected)
        << FormatHex(payload) << "[" << start << ":" << start + length << ") " << symbol << text;
    held += expected ? 1 : 0;
  }
  EXPECT_GT(held, 10000);
}

TEST(Holds, ShortDatagramFailsNegatedOperatorsToo) {
  const Bytes payload = {0x01, 0x02};
  for (const char* symbol : kSymbols)
    EXPECT_FALSE(Holds({1, 3, ParseOperator(symbol).value(), "0xffff"}, payload)) << symbol;
}

// A rule's merged shape must decide as its conditions do one by one.
TEST(Shape, DecidesAsTheConditionsDo) {
  Random random;
  for (int round = 0; round < 50000; ++round) {
    Rule rule;
    for (std::size_t i = 0; i <= random.Below(3); ++i) {
      const auto start = static_cast<std::int64_t>(random.Below(3));
      const std::size_t length = 1 + random.Below(2);
      rule.match.push_back({start, start + static_cast<std::int64_t>(length),
                            ParseOperator(kSymbols[random.Below(6)]).value(),
                            FormatHex(random.SomeBytes(length))});
    }
    const Bytes payload = random.SomeBytes(random.Below(7));
    bool expected = true;
    for (const Condition& condition : rule.match) expected = expected && Holds(condition, payload);

    const ShapedRule shaped = Shape(rule);
    bool actual = !shaped.impossible && payload.size() >= shaped.min_length;
    for (std::size_t i = 0; actual && i < shaped.shape.size(); ++i)
      actual = (payload[shaped.shape[i].offset] & shaped.shape[i].mask) == shaped.value[i];
    for (const MaskedCompare& compare : shaped.negated) {
      bool equal = true;
      for (std::size_t i = 0; actual && i < compare.mask.size(); ++i)
        equal = equal && (payload[compare.start + i] & compare.mask[i]) == compare.value[i];
      actual = actual && !equal;
    }
    ASSERT_EQ(actual, expected) << "round " << round;
  }
}

TEST(Shape, EqualForEqualRangesAndMasks) {
  const auto shape = [](const char* value, Operator op) {
    return Shape({"r", {{4, 6, op, value}}, "u"}).shape;
  };
  EXPECT_EQ(shape("0x0001", Operator::kEqual), shape("0xff02", Operator::kEqual));
  EXPECT_NE(shape("0x0001", Operator::kSuperset), shape("0x0002", Operator::kSuperset));
}

TEST(Shape, SeesContradictions) {
  const Rule rule = {
      "r", {{0, 1, Operator::kEqual, "0x01"}, {0, 1, Operator::kEqual, "0x02"}}, "u"};
  EXPECT_TRUE(Shape(rule).impossible);
}

}  // namespace
}  // namespace stevedore::config
