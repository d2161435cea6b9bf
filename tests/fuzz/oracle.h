// The meaning of byte conditions once more, slow and apart from the product's code: bit by bit, by
// the words of the definition, without masks. What the fast ways are compared with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "proxy/config/model.h"

namespace stevedore::fuzz {

using Bits = std::vector<bool>;  // the highest of a byte first

// The bits of "0x" hex pairs or "0b" groups of eight; nothing for any other text.
inline std::optional<Bits> OracleValue(std::string_view text) {
  if (text.size() < 2 || text[0] != '0' || (text[1] != 'x' && text[1] != 'b')) return std::nullopt;
  const int bits_each = text[1] == 'x' ? 4 : 1;
  Bits bits;
  for (const char c : text.substr(2)) {
    constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
    const std::size_t found = kDigits.find(c);
    if (found == std::string_view::npos) return std::nullopt;
    const auto digit = static_cast<int>(found % 16);
    if (digit >= 1 << bits_each) return std::nullopt;
    for (int bit = bits_each - 1; bit >= 0; --bit) bits.push_back((digit >> bit & 1) != 0);
  }
  if (bits.size() % 8 != 0 || (bits_each == 1 && bits.empty())) return std::nullopt;
  return bits;
}

// Whether `payload` fulfils the condition. REQUIRES: a valid condition.
inline bool OracleHolds(const config::Condition& condition, std::span<const std::uint8_t> payload) {
  if (payload.size() < static_cast<std::size_t>(condition.end)) return false;
  const Bits value = *OracleValue(condition.value);
  bool equal = true;
  bool all_of_data_in_value = true;
  bool all_of_value_in_data = true;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::size_t at = static_cast<std::size_t>(condition.start) + i / 8;
    const bool data = (payload[at] >> (7 - i % 8) & 1) != 0;
    if (data != value[i]) equal = false;
    if (data && !value[i]) all_of_data_in_value = false;
    if (value[i] && !data) all_of_value_in_data = false;
  }
  switch (condition.op) {
    case config::Operator::kEqual:
      return equal;
    case config::Operator::kNotEqual:
      return !equal;
    case config::Operator::kSubset:
      return all_of_data_in_value;
    case config::Operator::kNotSubset:
      return !all_of_data_in_value;
    case config::Operator::kSuperset:
      return all_of_value_in_data;
    case config::Operator::kNotSuperset:
      return !all_of_value_in_data;
  }
  return false;
}

// The first rule whose conditions all hold.
inline std::optional<std::size_t> OracleRule(const std::vector<config::Rule>& rules,
                                             std::span<const std::uint8_t> payload) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    bool holds = true;
    for (const config::Condition& condition : rules[i].match)
      holds = holds && OracleHolds(condition, payload);
    if (holds) return i;
  }
  return std::nullopt;
}

}  // namespace stevedore::fuzz
