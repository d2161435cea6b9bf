#include "controller/api/route_upstreams.h"

#include <array>
#include <set>

#include "controller/api/route_fields.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/limits.h"

namespace stevedore::api {
namespace {

using config::Affinity;
using config::Algorithm;

constexpr std::array<std::pair<std::string_view, Algorithm>, 2> kAlgorithms = {{
    {"RoundRobin", Algorithm::kRoundRobin},
    {"ConsistentHash", Algorithm::kConsistentHash},
}};
constexpr std::array<std::pair<std::string_view, Affinity>, 3> kAffinities = {{
    {"None", Affinity::kNone},
    {"Flow", Affinity::kFlow},
    {"Key", Affinity::kKey},
}};
constexpr std::array<std::pair<std::string_view, config::Drain>, 2> kDrains = {{
    {"Keep", config::Drain::kKeep},
    {"Move", config::Drain::kMove},
}};
constexpr std::array<std::pair<std::string_view, config::WhenNoneUsable>, 2> kWhenNoneUsable = {{
    {"FailOpen", config::WhenNoneUsable::kFailOpen},
    {"Drop", config::WhenNoneUsable::kDrop},
}};
constexpr std::array<std::pair<std::string_view, config::Expect>, 2> kExpects = {{
    {"NoError", config::Expect::kNoError},
    {"Reply", config::Expect::kReply},
}};

bool IsHex(std::string_view text) {
  return text.starts_with("0x") && config::ParseValue(text).has_value();
}

config::HealthCheck DecodeHealthCheck(Fields fields) {
  config::HealthCheck check;
  check.period_seconds = fields.Int("periodSeconds", {1, 300}).value_or(check.period_seconds);
  check.timeout_seconds = fields.Int("timeoutSeconds", {1, 60}).value_or(check.timeout_seconds);
  check.success_threshold =
      fields.Int("successThreshold", {1, 10}).value_or(check.success_threshold);
  check.failure_threshold =
      fields.Int("failureThreshold", {1, 10}).value_or(check.failure_threshold);
  check.payload = fields.String("payload", {0, 1026, IsHex, "\"0x\" and at most 512 hex pairs"})
                      .value_or(check.payload);
  check.expect = fields.Enum("expect", kExpects).value_or(check.expect);
  check.expect_bytes = DecodeConditions(fields, "expectBytes", 1);
  fields.RefuseUnknown();
  if (!check.expect_bytes.empty() && check.expect != config::Expect::kReply)
    fields.Fail("expectBytes", "`expectBytes` needs `expect: Reply`");
  if (check.timeout_seconds > check.period_seconds)
    fields.Fail("", "`timeoutSeconds` must be less than or equal to `periodSeconds`");
  return check;
}

config::FollowReplyPort DecodeFollowReplyPort(Fields fields) {
  config::FollowReplyPort follow{DecodeConditions(fields, "restart", 1)};
  fields.RefuseUnknown();
  return follow;
}

// The CEL rules of an upstream.
void CheckUpstream(Fields& fields, const UpstreamSpec& upstream) {
  const bool hashes = upstream.algorithm == Algorithm::kConsistentHash;
  const bool keeps = upstream.affinity ? *upstream.affinity != Affinity::kNone : !hashes;
  if (upstream.name == config::kDeny)
    fields.Fail("name", "'deny' is reserved, since it means to drop: choose another name");
  if (hashes != fields.Has("hashKey"))
    fields.Fail("", "`hashKey` must be set when, and only when, `algorithm` is ConsistentHash");
  if (upstream.affinity == Affinity::kKey && !hashes)
    fields.Fail("affinity", "`affinity: Key` needs `algorithm: ConsistentHash`");
  if (fields.Has("followReplyPort") && !keeps)
    fields.Fail("followReplyPort", "`followReplyPort` needs `affinity: Flow` or `Key`");
  if ((fields.Has("drain") || fields.Has("drainTimeoutSeconds")) && !keeps)
    fields.Fail("drain", "`drain` and `drainTimeoutSeconds` need `affinity: Flow` or `Key`");
}

UpstreamSpec DecodeUpstream(Fields fields) {
  UpstreamSpec upstream;
  fields.Require("name");
  upstream.name =
      fields.String("name", {1, 63, IsLabel, "lower case letters, digits and inner hyphens"})
          .value_or("");
  upstream.algorithm = fields.Enum("algorithm", kAlgorithms).value_or(upstream.algorithm);
  if (auto key = fields.Object("hashKey")) upstream.hash_key = DecodeHashKey(*key);
  upstream.affinity = fields.Enum("affinity", kAffinities);
  upstream.drain = fields.Enum("drain", kDrains);
  upstream.drain_timeout_seconds =
      fields.Int("drainTimeoutSeconds", {0, config::kMaxTimeoutSeconds});
  upstream.when_none_usable =
      fields.Enum("whenNoneUsable", kWhenNoneUsable).value_or(upstream.when_none_usable);
  if (auto follow = fields.Object("followReplyPort"))
    upstream.follow_reply_port = DecodeFollowReplyPort(std::move(*follow));
  upstream.primary = DecodePeerSource(fields);
  if (auto backup = fields.Object("backup")) {
    upstream.backup = DecodePeerSource(*backup);
    backup->RefuseUnknown();
  }
  if (auto check = fields.Object("healthCheck"))
    upstream.health_check = DecodeHealthCheck(std::move(*check));
  CheckUpstream(fields, upstream);
  fields.RefuseUnknown();
  return upstream;
}

}  // namespace

std::vector<UpstreamSpec> DecodeUpstreams(Fields& spec) {
  std::vector<UpstreamSpec> upstreams;
  std::set<std::string> names;
  for (auto& [value, path] : spec.List("upstreams", {1, 32})) {
    upstreams.push_back(DecodeUpstream(Fields(value, path, spec.findings())));
    const std::string& name = upstreams.back().name;
    if (!name.empty() && !names.insert(name).second)
      spec.findings().errors.push_back(
          {path, "duplicate: \"" + name + "\" is the name of an upstream above"});
  }
  return upstreams;
}

}  // namespace stevedore::api
