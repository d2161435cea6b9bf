// The compile step of RuleMatcher. Internal to runtime/rule_matcher*.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "proxy/config/limits.h"
#include "proxy/runtime/rule_matcher.h"

namespace stevedore::runtime {

// A shape of 8 conditions of 64 bytes, each range begun anew: 9 words a range at the most.
inline constexpr std::size_t kMaxShapeWords = config::kMaxConditions * 9;

inline constexpr std::uint64_t kWordHashSeed = 0x9e3779b97f4a7c15ull;
// One step of the table's hash. The rules come from the operator, not from clients: it need not be
// keyed.
inline std::uint64_t MixWord(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * 0xff51afd7ed558ccdull;
  return hash ^ (hash >> 32);
}

// Thread: one, during construction.
struct RuleMatcher::Builder {
  explicit Builder(RuleMatcher& out) : matcher_(out) {}
  void Build(std::span<const config::Rule> rules);

 private:
  // The rules that share a shape; `values` has one row per rule, grouped by equal value.
  struct Group {
    std::uint32_t min_rule = kNoRule;
    std::uint32_t min_length = 0xffffffffu;
    std::map<std::vector<std::uint64_t>, std::vector<std::uint32_t>> by_value;  // words -> rules
  };
  void AddTuple(const std::vector<config::ShapedRule::Byte>& shape, const Group& group);
  void AddCandidates(const std::vector<std::uint32_t>& rules);
  void AddNegated(const config::MaskedCompare& compare);

  RuleMatcher& matcher_;
  std::vector<config::ShapedRule> shaped_;
};

}  // namespace stevedore::runtime
