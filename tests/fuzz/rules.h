// Valid rules made of decisions.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "proxy/config/model.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {

// `count` bytes in one of the spellings that a value may have.
inline std::string Spelled(Choices& choices, std::size_t count) {
  const std::uint32_t spelling = choices.Below(3);
  std::string text = spelling == 2 ? "0b" : "0x";
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned byte = choices.Byte();
    const unsigned digits = spelling == 2 ? 8 : 2;
    for (unsigned digit = digits; digit-- > 0;)
      text += (spelling == 1
                   ? "0123456789ABCDEF"
                   : "0123456789abcdef")[byte >> (8 / digits * digit) & (spelling == 2 ? 1 : 15)];
  }
  return text;
}

// Mostly short ranges at the start, so that rules meet; now and then as far and as long as may be.
inline config::Condition MakeCondition(Choices& choices) {
  config::Condition condition;
  const bool far = choices.OneIn(32);
  condition.start = far ? choices.Below(2048 - 64) : choices.Below(20);
  const auto length = 1 + (choices.OneIn(16) ? choices.Below(64) : choices.Below(4));
  condition.end = condition.start + length;
  condition.op = static_cast<config::Operator>(choices.Below(6));
  condition.value = Spelled(choices, length);
  return condition;
}

// Rules "r0", "r1", ... without upstreams.
inline std::vector<config::Rule> MakeRules(Choices& choices, std::uint32_t count) {
  std::vector<config::Rule> rules(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    rules[i].name = "r" + std::to_string(i);
    for (std::uint32_t n = 1 + (choices.OneIn(8) ? choices.Below(8) : choices.Below(3)); n > 0; --n)
      rules[i].match.push_back(MakeCondition(choices));
    rules[i].upstream = config::kDeny;
  }
  return rules;
}

}  // namespace stevedore::fuzz
