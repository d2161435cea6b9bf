// RuleMatcher: a listener's rules compiled for lookup by tuple-space search: rules of one shape
// (range and mask) share a hash table, so a thousand of them cost what one costs. First match in
// list order wins. Source: Srinivasan, Suri, Varghese, "Packet Classification using Tuple Space
// Search", SIGCOMM 1999.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "proxy/config/byte_match.h"

namespace stevedore::runtime {

// Immutable after construction; any thread.
class RuleMatcher {
 public:
  static constexpr std::uint32_t kNoRule = 0xffffffffu;

  RuleMatcher() = default;
  // REQUIRES: valid rules (config/validate.h). Allocates.
  explicit RuleMatcher(std::span<const config::Rule> rules);

  // Position of the first rule that `payload` fulfils, or kNoRule. Packet path: no allocation; one
  // probe per shape that can still win.
  std::uint32_t Find(config::Payload payload) const noexcept;

  std::size_t shape_count() const noexcept { return tuples_.size(); }

 private:
  // Up to eight payload bytes read as one little-endian word.
  struct Word {
    std::uint32_t offset;
    std::uint64_t mask;
  };
  struct Negated {
    std::uint32_t offset;
    std::uint64_t mask;
    std::uint64_t value;
    bool last;  // of its compare: a compare longer than a word holds when any of its words differs
  };
  struct Candidate {
    std::uint32_t rule;
    std::uint32_t min_length;
    std::uint32_t negated_begin;
    std::uint32_t negated_end;
    bool last;  // of the candidates with the same value, which ascend by rule
  };
  struct Slot {
    std::uint32_t candidate = kNoRule;  // first candidate of this value; kNoRule = empty slot
    std::uint32_t key = 0;              // where its words stand in keys_
  };
  // All rules of one shape: an open-addressing table from masked words to candidates.
  struct Tuple {
    std::uint32_t min_rule;    // no rule of this shape stands before it
    std::uint32_t min_length;  // no shorter datagram can match
    std::uint32_t words_begin;
    std::uint32_t words_count;
    std::uint32_t slots_begin;
    std::uint32_t slots_mask;
  };
  struct Builder;

  std::uint32_t FindIn(const Tuple& tuple, config::Payload payload) const noexcept;
  bool Excluded(const Candidate& candidate, config::Payload payload) const noexcept;

  std::vector<Tuple> tuples_;  // ascending by min_rule
  std::vector<Word> words_;
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> keys_;
  std::vector<Candidate> candidates_;
  std::vector<Negated> negated_;
};

}  // namespace stevedore::runtime
