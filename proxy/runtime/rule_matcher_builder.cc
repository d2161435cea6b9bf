#include "proxy/runtime/rule_matcher_builder.h"

#include <algorithm>
#include <bit>

namespace stevedore::runtime {
namespace {

// One word of up to eight neighbouring bytes of a shape.
struct ShapeWord {
  std::uint32_t offset;
  std::uint64_t mask;
  std::vector<std::size_t> bytes;  // positions in the shape
};

std::vector<ShapeWord> Words(const std::vector<config::ShapedRule::Byte>& shape) {
  std::vector<ShapeWord> words;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (words.empty() || shape[i].offset >= words.back().offset + 8)
      words.push_back({shape[i].offset, 0, {}});
    ShapeWord& word = words.back();
    word.mask |= std::uint64_t{shape[i].mask} << (8 * (shape[i].offset - word.offset));
    word.bytes.push_back(i);
  }
  return words;
}

static_assert(std::endian::native == std::endian::little, "words are read as little-endian");

}  // namespace

void RuleMatcher::Builder::Build(std::span<const config::Rule> rules) {
  std::map<std::vector<config::ShapedRule::Byte>, Group> groups;
  for (std::uint32_t rule = 0; rule < rules.size(); ++rule) {
    shaped_.push_back(config::Shape(rules[rule]));
    const config::ShapedRule& s = shaped_.back();
    if (s.impossible) continue;
    Group& group = groups[s.shape];
    group.min_rule = std::min(group.min_rule, rule);
    group.min_length = std::min(group.min_length, s.min_length);
    std::vector<std::uint64_t> key;
    for (const ShapeWord& word : Words(s.shape)) {
      std::uint64_t value = 0;
      for (const std::size_t byte : word.bytes)
        value |= std::uint64_t{s.value[byte]} << (8 * (s.shape[byte].offset - word.offset));
      key.push_back(value);
    }
    group.by_value[key].push_back(rule);
  }
  for (const auto& [shape, group] : groups) AddTuple(shape, group);
  std::sort(matcher_.tuples_.begin(), matcher_.tuples_.end(),
            [](const Tuple& a, const Tuple& b) { return a.min_rule < b.min_rule; });
}

void RuleMatcher::Builder::AddTuple(const std::vector<config::ShapedRule::Byte>& shape,
                                    const Group& group) {
  const auto words = Words(shape);
  Tuple tuple{};
  tuple.min_rule = group.min_rule;
  tuple.min_length = group.min_length;
  tuple.words_begin = static_cast<std::uint32_t>(matcher_.words_.size());
  tuple.words_count = static_cast<std::uint32_t>(words.size());
  for (const ShapeWord& word : words) matcher_.words_.push_back({word.offset, word.mask});
  const std::size_t slots = std::bit_ceil(group.by_value.size() * 2);
  tuple.slots_begin = static_cast<std::uint32_t>(matcher_.slots_.size());
  tuple.slots_mask = static_cast<std::uint32_t>(slots - 1);
  matcher_.slots_.resize(matcher_.slots_.size() + slots);
  for (const auto& [key, rules] : group.by_value) {
    std::uint64_t hash = kWordHashSeed;
    for (const std::uint64_t word : key) hash = MixWord(hash, word);
    auto at = static_cast<std::uint32_t>(hash >> 32);
    while (matcher_.slots_[tuple.slots_begin + (at & tuple.slots_mask)].candidate != kNoRule) ++at;
    matcher_.slots_[tuple.slots_begin + (at & tuple.slots_mask)] = {
        static_cast<std::uint32_t>(matcher_.candidates_.size()),
        static_cast<std::uint32_t>(matcher_.keys_.size())};
    matcher_.keys_.insert(matcher_.keys_.end(), key.begin(), key.end());
    AddCandidates(rules);
  }
  if (words.empty()) matcher_.keys_.push_back(0);  // so that a key of no words has an address
  matcher_.tuples_.push_back(tuple);
}

void RuleMatcher::Builder::AddCandidates(const std::vector<std::uint32_t>& rules) {
  for (const std::uint32_t rule : rules) {
    Candidate candidate{};
    candidate.rule = rule;
    candidate.min_length = shaped_[rule].min_length;
    candidate.negated_begin = static_cast<std::uint32_t>(matcher_.negated_.size());
    for (const config::MaskedCompare& compare : shaped_[rule].negated) AddNegated(compare);
    candidate.negated_end = static_cast<std::uint32_t>(matcher_.negated_.size());
    candidate.last = rule == rules.back();
    matcher_.candidates_.push_back(candidate);
  }
}

void RuleMatcher::Builder::AddNegated(const config::MaskedCompare& compare) {
  for (std::size_t begin = 0; begin < compare.mask.size(); begin += 8) {
    Negated word{compare.start + static_cast<std::uint32_t>(begin), 0, 0, false};
    for (std::size_t i = begin; i < std::min(begin + 8, compare.mask.size()); ++i) {
      word.mask |= std::uint64_t{compare.mask[i]} << (8 * (i - begin));
      word.value |= std::uint64_t{compare.value[i]} << (8 * (i - begin));
    }
    matcher_.negated_.push_back(word);
  }
  matcher_.negated_.back().last = true;
}

}  // namespace stevedore::runtime
