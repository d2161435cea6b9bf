#include "controller/api/stevedore_route.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/api/meta.h"
#include "controller/api/route_fields.h"
#include "controller/api/route_upstreams.h"
#include "proxy/config/address.h"
#include "proxy/config/cidr.h"
#include "proxy/config/limits.h"

namespace stevedore::api {
namespace {

constexpr IntRange kTimeout{1, config::kMaxTimeoutSeconds};
constexpr IntRange kDatagrams{1, config::kMaxRate};
constexpr const char* kApiVersion = "stevedore.io/v1alpha1";
constexpr const char* kLabelExpectation = "lower case letters, digits and inner hyphens";

bool IsListenerAddress(std::string_view text) {
  const auto ip = config::IpAddress::Parse(text);
  return ip && ip->ToString() == text && !ip->is_unspecified();
}

std::vector<std::string> DecodeRanges(Fields& listener, const std::string& name) {
  std::vector<std::string> ranges;
  config::FieldErrors& errors = listener.findings().errors;
  for (auto& [value, path] : listener.List(name, {0, config::kMaxRanges})) {
    const auto text = value.string();
    if (!text)
      errors.push_back({path, value.Text() + ": must be an address range in quotes"});
    else if (auto problem = config::RangeProblem(*text))
      errors.push_back({path, std::move(*problem)});
    else if (std::find(ranges.begin(), ranges.end(), *text) != ranges.end())
      errors.push_back({path, "duplicate: \"" + *text + "\" is in the list above"});
    else
      ranges.push_back(*text);
  }
  return ranges;
}

std::optional<config::SourceRate> DecodeRateLimit(Fields& listener) {
  auto fields = listener.Object("rateLimit");
  if (!fields) return std::nullopt;
  config::SourceRate limit;
  fields->Require("datagramsPerSecond");
  limit.datagrams_per_second = fields->Int("datagramsPerSecond", kDatagrams).value_or(0);
  limit.burst = fields->Int("burst", kDatagrams);
  fields->RefuseUnknown();
  return limit;
}

ListenerSpec DecodeListener(Fields fields) {
  ListenerSpec listener;
  fields.Require("port");
  listener.port = fields.Int("port", kPortRange).value_or(0);
  const TextRule address{0, 45, IsListenerAddress,
                         "one address in canonical form; leave it out for all addresses"};
  listener.address = fields.String("address", address).value_or("");
  listener.allow = DecodeRanges(fields, "allow");
  listener.deny = DecodeRanges(fields, "deny");
  listener.rate_limit = DecodeRateLimit(fields);
  listener.max_datagram_bytes = fields.Int("maxDatagramBytes", {512, 65535});
  listener.max_tries = fields.Int("maxTries", {1, 16});
  fields.RefuseUnknown();
  return listener;
}

SessionSpec DecodeSession(Fields fields) {
  SessionSpec session;
  session.idle_timeout_seconds = fields.Int("idleTimeoutSeconds", kTimeout);
  session.embryonic_timeout_seconds = fields.Int("embryonicTimeoutSeconds", kTimeout);
  session.max_reply_only_seconds = fields.Int("maxReplyOnlySeconds", kTimeout);
  session.max_reply_ratio = fields.Int("maxReplyRatio", {0, config::kMaxReplyRatio});
  session.max_sessions_per_source = fields.Int("maxSessionsPerSource", {0, config::kMaxSessions});
  session.max_sessions = fields.Int("maxSessions", {1, config::kMaxSessions});
  fields.RefuseUnknown();
  return session;
}

std::vector<config::Rule> DecodeRules(Fields& spec) {
  std::vector<config::Rule> rules;
  std::set<std::string> names;
  bool unique = true;
  for (auto& [value, path] : spec.List("rules", {0, 64})) {
    Fields fields(value, path, spec.findings());
    for (const char* name : {"name", "match", "upstream"}) fields.Require(name);
    config::Rule rule;
    rule.name = fields.String("name", {1, 63, IsLabel, kLabelExpectation}).value_or("");
    rule.upstream = fields.String("upstream", {1, 63, nullptr, "'deny' or an entry of `upstreams`"})
                        .value_or("");
    rule.match = DecodeConditions(fields, "match", 1);
    fields.RefuseUnknown();
    unique = unique && (rule.name.empty() || names.insert(rule.name).second);
    rules.push_back(std::move(rule));
  }
  if (!unique) spec.Fail("rules", "rule names must be unique within `rules`");
  return rules;
}

// The CEL rules of the spec as a whole; immutability needs the old object and stays with the API
// server.
void CheckSpec(Fields& fields, const RouteSpec& spec) {
  const auto known = [&](const std::string& name) {
    return name == config::kDeny ||
           std::any_of(spec.upstreams.begin(), spec.upstreams.end(),
                       [&](const UpstreamSpec& u) { return u.name == name; });
  };
  if (!known(spec.default_upstream))
    fields.Fail("defaultUpstream", "\"" + spec.default_upstream +
                                       "\": `defaultUpstream` must be 'deny' or name an entry of "
                                       "`upstreams`");
  for (std::size_t i = 0; i < spec.rules.size(); ++i)
    if (!spec.rules[i].upstream.empty() && !known(spec.rules[i].upstream))
      fields.Fail("rules[" + std::to_string(i) + "].upstream",
                  "\"" + spec.rules[i].upstream +
                      "\": every rule's `upstream` must be 'deny' or name an entry of `upstreams`");
  if (spec.default_upstream == config::kDeny && spec.rules.empty())
    fields.Fail("", "must set `rules` or a `defaultUpstream` other than 'deny'");
}

RouteSpec DecodeSpec(Fields fields) {
  RouteSpec spec;
  fields.Require("listener");
  fields.Require("upstreams");
  if (fields.Has("className"))
    spec.class_name = fields.String("className", {1, 63, IsLabel, kLabelExpectation}).value_or("");
  spec.priority = fields.Int("priority", {-1000, 1000}).value_or(0);
  if (auto listener = fields.Object("listener")) spec.listener = DecodeListener(*listener);
  if (auto session = fields.Object("session")) spec.session = DecodeSession(*session);
  spec.default_upstream =
      fields.String("defaultUpstream", {1, 63, nullptr, "'deny' or an entry of `upstreams`"})
          .value_or(config::kDeny);
  spec.rules = DecodeRules(fields);
  spec.upstreams = DecodeUpstreams(fields);
  fields.RefuseUnknown();
  CheckSpec(fields, spec);
  return spec;
}

}  // namespace

StevedoreRoute DecodeRoute(std::string_view json) {
  StevedoreRoute route;
  const auto parsed = Json::Parse(json);
  if (!parsed) {
    route.findings.errors.push_back({"", parsed.error().detail});
    return route;
  }
  Fields object(*parsed, "", route.findings);
  route.meta = DecodeMeta(object);
  route.status = DecodeStatus(json);
  const auto version = object.String("apiVersion", {0, 253, nullptr, "a string"});
  if (version && *version != kApiVersion)
    object.Fail("apiVersion", "\"" + *version + "\": must be \"" + kApiVersion + "\"");
  object.Require("spec");
  if (auto spec = object.Object("spec")) route.spec = DecodeSpec(std::move(*spec));
  return route;
}

}  // namespace stevedore::api
