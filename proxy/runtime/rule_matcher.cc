#include "proxy/runtime/rule_matcher.h"

#include <bit>
#include <cstring>

#include "proxy/runtime/rule_matcher_builder.h"

namespace stevedore::runtime {
namespace {

// Eight bytes at `offset`, those beyond the datagram as zero.
std::uint64_t Load(config::Payload payload, std::uint32_t offset) noexcept {
  std::uint64_t word = 0;
  if (offset + 8 <= payload.size()) {
    std::memcpy(&word, payload.data() + offset, 8);
  } else if (offset < payload.size()) {
    std::memcpy(&word, payload.data() + offset, payload.size() - offset);
  }
  return word;
}

}  // namespace

std::uint32_t RuleMatcher::Find(config::Payload payload) const noexcept {
  std::uint32_t best = kNoRule;
  for (const Tuple& tuple : tuples_) {
    if (tuple.min_rule >= best) break;
    if (payload.size() < tuple.min_length) continue;
    const std::uint32_t found = FindIn(tuple, payload);
    if (found < best) best = found;
  }
  return best;
}

std::uint32_t RuleMatcher::FindIn(const Tuple& tuple, config::Payload payload) const noexcept {
  std::uint64_t key[kMaxShapeWords];
  std::uint64_t hash = kWordHashSeed;
  for (std::uint32_t i = 0; i < tuple.words_count; ++i) {
    const Word& word = words_[tuple.words_begin + i];
    key[i] = Load(payload, word.offset) & word.mask;
    hash = MixWord(hash, key[i]);
  }
  for (std::uint32_t at = static_cast<std::uint32_t>(hash >> 32);; ++at) {
    const Slot& slot = slots_[tuple.slots_begin + (at & tuple.slots_mask)];
    if (slot.candidate == kNoRule) return kNoRule;
    if (std::memcmp(&keys_[slot.key], key, tuple.words_count * sizeof key[0]) != 0) continue;
    for (std::uint32_t c = slot.candidate;; ++c) {
      const Candidate& candidate = candidates_[c];
      if (payload.size() >= candidate.min_length && !Excluded(candidate, payload))
        return candidate.rule;
      if (candidate.last) return kNoRule;
    }
  }
}

bool RuleMatcher::Excluded(const Candidate& candidate, config::Payload payload) const noexcept {
  bool differs = false;
  for (std::uint32_t i = candidate.negated_begin; i < candidate.negated_end; ++i) {
    const Negated& compare = negated_[i];
    differs = differs || (Load(payload, compare.offset) & compare.mask) != compare.value;
    if (!compare.last) continue;
    if (!differs) return true;
    differs = false;
  }
  return false;
}

RuleMatcher::RuleMatcher(std::span<const config::Rule> rules) { Builder(*this).Build(rules); }

}  // namespace stevedore::runtime
