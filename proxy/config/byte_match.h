// Byte conditions: their text form, their meaning, and the (range, mask) shape that the matcher
// groups by. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/model.h"

namespace stevedore::config {

using Bytes = std::vector<std::uint8_t>;
using Payload = std::span<const std::uint8_t>;

// The symbol of the config file ("==", "!|=", ...), and back.
std::string_view ToString(Operator op) noexcept;
std::optional<Operator> ParseOperator(std::string_view symbol) noexcept;
bool IsNegated(Operator op) noexcept;

// The bytes of "0x" hex pairs or "0b" groups of eight bits; "0x" alone is empty. Nothing for any
// other text.
std::optional<Bytes> ParseValue(std::string_view text);
// "0x..." in lower case.
std::string FormatHex(Payload bytes);

// A condition as masked equality: (d & mask) == value over payload[start:start+mask.size()),
// negated or not. All six operators reduce to this: "==" and "!==" have the mask ff..., "&=" has
// mask v and value v, "|=" mask ~v and value 0.
struct MaskedCompare {
  std::uint32_t start = 0;
  Bytes mask;
  Bytes value;
  bool negated = false;
};
// REQUIRES: a valid condition (validate.h).
MaskedCompare Reduce(const Condition& condition);

// Whether the datagram fulfils the condition. REQUIRES: a valid condition. Allocates: not for the
// packet path, where the compiled matcher (runtime/rule_matcher.h) answers.
bool Holds(const Condition& condition, Payload payload);

// The positive conditions of a rule merged into one masked compare over scattered bytes. Two rules
// of equal shape (offsets, masks and minimum length) share one hash table in the matcher.
struct ShapedRule {
  struct Byte {
    std::uint32_t offset;
    std::uint8_t mask;
    auto operator<=>(const Byte&) const = default;
  };
  std::uint32_t min_length = 0;  // the largest `end`, negated conditions included
  std::vector<Byte> shape;       // ascending offsets, masks not 0
  Bytes value;                   // one per byte of `shape`
  std::vector<MaskedCompare> negated;
  bool impossible = false;  // the conditions contradict each other: never matches
};
ShapedRule Shape(const Rule& rule);

}  // namespace stevedore::config
