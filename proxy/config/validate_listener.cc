#include <set>
#include <utility>

#include "proxy/config/byte_match.h"
#include "proxy/config/cidr.h"
#include "proxy/config/limits.h"
#include "proxy/config/validate_parts.h"

namespace stevedore::config {
namespace {

void CheckSession(Checks& checks, const FieldPath& path, const SessionSettings& session) {
  const auto seconds = [&](std::string_view name, std::int64_t value) {
    checks.Range(path.Field(name), value, 1, kMaxTimeoutSeconds);
  };
  seconds("idleTimeoutSeconds", session.idle_timeout_seconds);
  seconds("embryonicTimeoutSeconds", session.embryonic_timeout_seconds);
  seconds("maxReplyOnlySeconds", session.max_reply_only_seconds);
  checks.Range(path.Field("maxSessions"), session.max_sessions, 1, kMaxSessions);
  checks.Range(path.Field("maxSessionsPerSource"), session.max_sessions_per_source, 0,
               kMaxSessions);
  checks.Range(path.Field("maxReplyRatio"), session.max_reply_ratio, 0, kMaxReplyRatio);
}

void CheckRanges(Checks& checks, const FieldPath& listener_path, std::string_view list,
                 const std::vector<std::string>& ranges) {
  checks.Count(listener_path.Field(list), ranges.size(), kMaxRanges);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const FieldPath path = listener_path.Item(list, i);
    if (const auto problem = RangeProblem(ranges[i]))
      checks.Report(path, *problem);
    else if (!seen.insert(ranges[i]).second)
      checks.Report(path, Quote(ranges[i]) + ": is in the list above: must stand there once");
  }
}

void CheckRateLimit(Checks& checks, const FieldPath& path, const SourceRate& rate) {
  checks.Range(path.Field("datagramsPerSecond"), rate.datagrams_per_second, 1, kMaxRate);
  if (rate.burst) checks.Range(path.Field("burst"), *rate.burst, 1, kMaxRate);
}

void CheckReference(Checks& checks, const FieldPath& path, const std::string& name,
                    const UniqueNames& upstreams) {
  if (name == kDeny || upstreams.Contains(name)) return;
  checks.Report(
      path,
      Quote(name) + ": no upstream has this name: write the name of an upstream, or \"deny\"");
}

// Returns whether the rule's conditions may be compiled.
bool CheckRule(Checks& checks, const FieldPath& path, const Rule& rule,
               const UniqueNames& upstreams) {
  checks.Name(path.Field("name"), rule.name);
  CheckReference(checks, path.Field("upstream"), rule.upstream, upstreams);
  const bool valid = checks.Conditions(path, "match", rule.match);
  if (rule.match.empty())
    checks.Report(path.Field("match"), "an empty list: must hold at least one condition");
  return valid;
}

void CheckRules(Checks& checks, const FieldPath& listener_path, const Listener& listener,
                const UniqueNames& upstreams) {
  checks.Count(listener_path.Field("rules"), listener.rules.size(), kMaxRules);
  UniqueNames names;
  std::set<std::pair<std::uint32_t, std::vector<ShapedRule::Byte>>> shapes;
  for (std::size_t i = 0; i < listener.rules.size(); ++i) {
    const Rule& rule = listener.rules[i];
    const FieldPath path = listener_path.Item("rules", i);
    names.Add(checks, path.Field("name"), "rules", i, rule.name);
    if (!CheckRule(checks, path, rule, upstreams)) continue;
    ShapedRule shaped = Shape(rule);
    shapes.emplace(shaped.min_length, std::move(shaped.shape));
  }
  if (shapes.size() > kMaxShapes)
    checks.Report(listener_path.Field("rules"),
                  std::to_string(shapes.size()) +
                      " different combinations of byte ranges and masks: must be at most " +
                      std::to_string(kMaxShapes) + ", since each costs a look-up per datagram");
}

}  // namespace

void CheckListener(Checks& checks, const FieldPath& path, const Listener& listener,
                   const UniqueNames& upstreams) {
  checks.Name(path.Field("name"), listener.name);
  if (const auto problem = AddressProblem(listener.address, Wildcard::kAllow))
    checks.Report(path.Field("address"), *problem);
  checks.Range(path.Field("port"), listener.port, 1, 65535);
  checks.Range(path.Field("maxDatagramBytes"), listener.max_datagram_bytes, 512, 65535);
  checks.Range(path.Field("maxTries"), listener.max_tries, 1, 16);
  CheckRanges(checks, path, "allow", listener.allow);
  CheckRanges(checks, path, "deny", listener.deny);
  if (listener.rate_limit) CheckRateLimit(checks, path.Field("rateLimit"), *listener.rate_limit);
  CheckSession(checks, path.Field("session"), listener.session);
  CheckRules(checks, path, listener, upstreams);
  CheckReference(checks, path.Field("defaultUpstream"), listener.default_upstream, upstreams);
}

}  // namespace stevedore::config
