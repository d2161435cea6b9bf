#include "controller/compile/conflicts.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "controller/compile/tunables.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/limits.h"

namespace stevedore::compile {
namespace {

// The offsets and masks that a rule compares, as text: equal exactly when they share a table.
std::string ShapeText(const config::ShapedRule& shaped) {
  std::string text = std::to_string(shaped.min_length);
  for (const auto& byte : shaped.shape)
    text += "," + std::to_string(byte.offset) + "&" + std::to_string(byte.mask);
  return text;
}

// Equal for two rules that the same datagrams fulfil, however their conditions are written.
std::string MeaningText(const config::ShapedRule& shaped) {
  std::set<std::string> negated;
  for (const config::MaskedCompare& compare : shaped.negated)
    negated.insert(std::to_string(compare.start) + "&" + config::FormatHex(compare.mask) +
                   "!=" + config::FormatHex(compare.value));
  std::string text = ShapeText(shaped) + "==" + config::FormatHex(shaped.value);
  for (const std::string& part : negated) text += ";" + part;
  return text;
}

}  // namespace

void Refuse(Candidate& candidate, api::Reason reason, std::string message) {
  candidate.report.accepted = {api::ConditionStatus::kFalse, reason, std::move(message)};
}

void AddConflict(Candidate& candidate, api::Reason reason, const std::string& message) {
  auto& conflicted = candidate.report.conflicted;
  if (!conflicted) {
    conflicted = {api::ConditionStatus::kTrue, reason, message};
    return;
  }
  conflicted->reason = std::max(conflicted->reason, reason);
  conflicted->message += "; " + message;
}

void SortByClaim(Candidates& candidates, bool directory_mode) {
  const auto claim = [&](const Candidate* c) {
    const bool aged = !directory_mode && !c->route.created.empty();
    return std::make_tuple(!directory_mode && !aged, aged ? c->route.created : "", c->route.key);
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](const auto* a, const auto* b) { return claim(a) < claim(b); });
}

void SortByPriority(Candidates& candidates) {
  std::sort(candidates.begin(), candidates.end(), [](const auto* a, const auto* b) {
    return std::make_tuple(-a->route.priority, a->route.key) <
           std::make_tuple(-b->route.priority, b->route.key);
  });
}

void SettlePorts(const Candidates& candidates) {
  std::map<std::int64_t, const Candidate*> owners;
  for (Candidate* candidate : candidates) {
    const RouteModel& route = candidate->route;
    const Candidate& owner = *owners.try_emplace(route.port, candidate).first->second;
    if (owner.route.key.ns == route.key.ns) continue;
    const std::string message =
        "port " + std::to_string(route.port) + " belongs to namespace " + owner.route.key.ns;
    Refuse(*candidate, api::Reason::kPortConflict,
           message + " by the older claim of " + owner.route.key.ToString());
    AddConflict(*candidate, api::Reason::kPortOwnedByOtherNamespace, message);
  }
}

std::optional<std::string> ListenerBudget::Add(const RouteModel& route) {
  if (rules_ + route.rules.size() > config::kMaxRules)
    return "the listener would have more than " + std::to_string(config::kMaxRules) + " rules";
  std::set<std::string> shapes = shapes_;
  for (const config::Rule& rule : route.rules) shapes.insert(ShapeText(config::Shape(rule)));
  if (shapes.size() > config::kMaxShapes)
    return "the listener would compare " + std::to_string(shapes.size()) +
           " different sets of ranges and masks; the limit is " +
           std::to_string(config::kMaxShapes);
  rules_ += route.rules.size();
  shapes_ = std::move(shapes);
  return std::nullopt;
}

void MarkShadowedRules(const Candidates& candidates) {
  std::map<std::string, std::string> first;  // meaning -> name of the rule
  for (Candidate* candidate : candidates) {
    for (const config::Rule& rule : candidate->route.rules) {
      const config::ShapedRule shaped = config::Shape(rule);
      if (shaped.impossible) continue;
      const std::string name = ScopedName(candidate->route.key, rule.name);
      const auto [earlier, is_new] = first.try_emplace(MeaningText(shaped), name);
      if (!is_new)
        AddConflict(*candidate, api::Reason::kRuleShadowed,
                    "rule " + name + " never applies: rule " + earlier->second +
                        " has the same conditions and comes first");
    }
  }
}

const Candidate* SettleDefaultUpstream(const Candidates& candidates) {
  const Candidate* first = nullptr;
  for (Candidate* candidate : candidates) {
    if (candidate->route.default_upstream == config::kDeny) continue;
    if (first == nullptr)
      first = candidate;
    else
      AddConflict(
          *candidate, api::Reason::kDefaultUpstreamConflict,
          "the default upstream of this listener is that of " + first->route.key.ToString());
  }
  return first;
}

void MarkSettingsConflicts(const Candidate& owner, const Candidates& candidates) {
  const config::Listener settings = WithTunables({}, owner.route.tunables);
  for (Candidate* candidate : candidates)
    for (const std::string& field : Differences(candidate->route.tunables, settings))
      AddConflict(*candidate, api::Reason::kListenerSettingsConflict,
                  "spec." + field + " has no effect: the settings of this listener are those of " +
                      owner.route.key.ToString());
}

}  // namespace stevedore::compile
