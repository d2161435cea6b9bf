#include "proxy/config/byte_match.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace stevedore::config {
namespace {

constexpr std::array<std::pair<Operator, std::string_view>, 6> kSymbols = {{
    {Operator::kEqual, "=="},
    {Operator::kNotEqual, "!=="},
    {Operator::kSubset, "|="},
    {Operator::kNotSubset, "!|="},
    {Operator::kSuperset, "&="},
    {Operator::kNotSuperset, "!&="},
}};

int Digit(char c, int base) noexcept {
  int digit = -1;
  if (c >= '0' && c <= '9') digit = c - '0';
  if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
  if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
  return digit < base ? digit : -1;
}

}  // namespace

std::string_view ToString(Operator op) noexcept {
  for (const auto& [value, symbol] : kSymbols)
    if (value == op) return symbol;
  return "?";
}

std::optional<Operator> ParseOperator(std::string_view symbol) noexcept {
  for (const auto& [value, text] : kSymbols)
    if (text == symbol) return value;
  return std::nullopt;
}

bool IsNegated(Operator op) noexcept {
  return op == Operator::kNotEqual || op == Operator::kNotSubset || op == Operator::kNotSuperset;
}

std::optional<Bytes> ParseValue(std::string_view text) {
  const bool hex = text.starts_with("0x");
  if (!hex && !text.starts_with("0b")) return std::nullopt;
  const int base = hex ? 16 : 2;
  const std::size_t digits_per_byte = hex ? 2 : 8;
  text.remove_prefix(2);
  if (text.size() % digits_per_byte != 0 || (!hex && text.empty())) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / digits_per_byte);
  for (std::size_t i = 0; i < text.size(); i += digits_per_byte) {
    int byte = 0;
    for (const char c : text.substr(i, digits_per_byte)) {
      const int digit = Digit(c, base);
      if (digit < 0) return std::nullopt;
      byte = byte * base + digit;
    }
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  return bytes;
}

std::string FormatHex(Payload bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text = "0x";
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

MaskedCompare Reduce(const Condition& condition) {
  MaskedCompare compare;
  compare.start = static_cast<std::uint32_t>(condition.start);
  compare.value = ParseValue(condition.value).value_or(Bytes{});
  compare.negated = IsNegated(condition.op);
  switch (condition.op) {
    case Operator::kEqual:
    case Operator::kNotEqual:
      compare.mask.assign(compare.value.size(), 0xff);
      break;
    case Operator::kSuperset:
    case Operator::kNotSuperset:
      compare.mask = compare.value;
      break;
    case Operator::kSubset:
    case Operator::kNotSubset:
      for (const std::uint8_t byte : compare.value)
        compare.mask.push_back(static_cast<std::uint8_t>(~byte));
      std::fill(compare.value.begin(), compare.value.end(), std::uint8_t{0});
      break;
  }
  return compare;
}

bool Holds(const Condition& condition, Payload payload) {
  const MaskedCompare compare = Reduce(condition);
  if (payload.size() < static_cast<std::size_t>(condition.end)) return false;
  bool equal = true;
  for (std::size_t i = 0; i < compare.mask.size(); ++i)
    equal = equal && (payload[compare.start + i] & compare.mask[i]) == compare.value[i];
  return equal != compare.negated;
}

ShapedRule Shape(const Rule& rule) {
  ShapedRule shaped;
  std::map<std::uint32_t, std::pair<std::uint8_t, std::uint8_t>> bytes;  // offset -> mask, value
  for (const Condition& condition : rule.match) {
    shaped.min_length = std::max(shaped.min_length, static_cast<std::uint32_t>(condition.end));
    MaskedCompare compare = Reduce(condition);
    if (compare.negated) {
      shaped.negated.push_back(std::move(compare));
      continue;
    }
    for (std::size_t i = 0; i < compare.mask.size(); ++i) {
      auto& [mask, value] = bytes[compare.start + static_cast<std::uint32_t>(i)];
      if (((value ^ compare.value[i]) & mask & compare.mask[i]) != 0) shaped.impossible = true;
      mask = static_cast<std::uint8_t>(mask | compare.mask[i]);
      value = static_cast<std::uint8_t>(value | compare.value[i]);
    }
  }
  for (const auto& [offset, byte] : bytes) {
    if (byte.first == 0) continue;
    shaped.shape.push_back({offset, byte.first});
    shaped.value.push_back(byte.second);
  }
  return shaped;
}

}  // namespace stevedore::config
