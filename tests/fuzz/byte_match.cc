// Fuzz target: byte conditions and the compiled rule matcher.
// Property: for rules that the validator accepts, the matcher finds the rule that a slow oracle
// finds, which reads the conditions bit by bit and one after the other; each condition by itself
// holds as the oracle says; a value's text means the bits that the oracle reads in it, or is
// refused by both.
#include "proxy/config/byte_match.h"

#include <variant>

#include "proxy/config/validate.h"
#include "proxy/runtime/rule_matcher.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/rules.h"

namespace stevedore::fuzz {
namespace {

bool IsValid(const std::vector<config::Rule>& rules) {
  config::ProxyConfig config;
  config::Listener& listener = config.listeners.emplace_back();
  listener.name = "l";
  listener.port = 1;
  listener.rules = rules;
  return std::holds_alternative<config::ValidConfig>(config::Validate(config));
}

// Bytes that fulfil the equality conditions of one rule where they do not contradict each other,
// then some changes: datagrams near the edge of what matches.
config::Bytes NearRule(Choices& choices, const config::Rule& rule) {
  std::size_t size = 0;
  for (const config::Condition& condition : rule.match)
    size = std::max(size, static_cast<std::size_t>(condition.end));
  config::Bytes payload(size);
  for (const config::Condition& condition : rule.match) {
    const config::Bytes value = *config::ParseValue(condition.value);
    std::copy(value.begin(), value.end(), payload.begin() + condition.start);
  }
  for (std::uint32_t changes = choices.Below(4); changes > 0; --changes)
    payload[choices.Below(static_cast<std::uint32_t>(size))] ^=
        static_cast<std::uint8_t>(1u << choices.Below(8));
  if (choices.OneIn(8)) payload.pop_back();
  return payload;
}

void RequireAgreement(const std::vector<config::Rule>& rules, const runtime::RuleMatcher& matcher,
                      config::Payload payload) {
  for (const config::Rule& rule : rules)
    for (const config::Condition& condition : rule.match)
      Require(config::Holds(condition, payload) == OracleHolds(condition, payload),
              "a condition holds as the oracle says",
              std::string(config::ToString(condition.op)) + " " + condition.value + " of " +
                  config::FormatHex(payload));
  const auto expected = OracleRule(rules, payload);
  const std::uint32_t found = matcher.Find(payload);
  Require(expected ? found == *expected : found == runtime::RuleMatcher::kNoRule,
          "the matcher finds the oracle's rule", config::FormatHex(payload));
}

void RequireSameValue(std::string_view text) {
  const auto bytes = config::ParseValue(text);
  const auto bits = OracleValue(text);
  Require(bytes.has_value() == bits.has_value(), "both read the value, or both refuse it", text);
  if (!bytes) return;
  Require(bytes->size() * 8 == bits->size(), "the value is as long as the oracle's", text);
  for (std::size_t i = 0; i < bits->size(); ++i)
    Require(((*bytes)[i / 8] >> (7 - i % 8) & 1) == (*bits)[i], "each bit is the oracle's", text);
  Require(config::ParseValue(config::FormatHex(*bytes)) == bytes,
          "written and read it is the same");
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  fuzz::RequireSameValue(fuzz::Text(data, size));
  fuzz::Choices choices(data, size);
  const auto rules = fuzz::MakeRules(choices, 1 + choices.Below(24));
  if (!fuzz::IsValid(rules)) return 0;
  const runtime::RuleMatcher matcher(rules);
  do {
    const auto which = choices.Below(static_cast<std::uint32_t>(rules.size()) + 1);
    if (which < rules.size()) {
      fuzz::RequireAgreement(rules, matcher, fuzz::NearRule(choices, rules[which]));
    } else {
      // A copy of its own, so that a byte read beyond it is seen.
      const auto bytes = choices.Take(choices.Below(80));
      fuzz::RequireAgreement(rules, matcher, config::Bytes(bytes.begin(), bytes.end()));
    }
  } while (!choices.done());
  return 0;
}
