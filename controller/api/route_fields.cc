#include "controller/api/route_fields.h"

#include <array>
#include <set>

#include "proxy/config/address.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/limits.h"

namespace stevedore::api {
namespace {

using config::Operator;

constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {{
    {"==", Operator::kEqual},
    {"!==", Operator::kNotEqual},
    {"|=", Operator::kSubset},
    {"!|=", Operator::kNotSubset},
    {"&=", Operator::kSuperset},
    {"!&=", Operator::kNotSuperset},
}};
constexpr std::array<std::pair<std::string_view, config::KeySource>, 2> kKeySources = {{
    {"ClientAddress", config::KeySource::kClientAddress},
    {"ClientAddressPort", config::KeySource::kClientAddressPort},
}};

bool IsCompareValue(std::string_view text) {
  return text.size() >= 4 && config::ParseValue(text).has_value();
}

bool IsLinkLocalMulticast(const config::IpAddress& ip) {
  const auto& b = ip.bytes;
  if (ip.is_v4()) return b[12] == 224 && b[13] == 0 && b[14] == 0;
  return b[0] == 0xff && (b[1] & 0x0f) == 0x02;
}

bool IsPeerAddress(std::string_view text) {
  const auto ip = config::IpAddress::Parse(text);
  return ip && ip->ToString() == text && !ip->is_unspecified() && !IsLinkLocalMulticast(*ip);
}

bool IsRange(std::int64_t start, std::int64_t end) {
  return start < end && end - start <= config::kMaxMatchBytes;
}

config::Condition DecodeCondition(Fields fields) {
  for (const char* name : {"start", "end", "operator", "value"}) fields.Require(name);
  config::Condition condition;
  const auto start = fields.Int("start", {0, config::kMaxMatchOffset - 1});
  const auto end = fields.Int("end", {1, config::kMaxMatchOffset});
  const auto op = fields.Enum("operator", kOperators);
  const auto value = fields.String(
      "value",
      {4, 514, IsCompareValue, "\"0x\" and hex pairs, or \"0b\" and groups of eight bits"});
  condition = {start.value_or(0), end.value_or(0), op.value_or(Operator::kEqual),
               value.value_or("")};
  fields.RefuseUnknown();
  if (start && end && !IsRange(*start, *end))
    fields.Fail("",
                "`start` must be less than `end`, and data[start:end] may not be longer than 64 "
                "bytes");
  if (!start || !end || !value) return condition;
  const auto bytes = static_cast<std::int64_t>(config::ParseValue(*value)->size());
  if (*end > *start && bytes != *end - *start)
    fields.Fail("value",
                config::Quote(*value) +
                    ": `value` must be exactly as many bytes as data[start:end] (two hex digits "
                    "or eight bits per byte): it has " +
                    std::to_string(bytes) + ", the range " + std::to_string(*end - *start));
  return condition;
}

ServiceRef DecodeServiceRef(Fields fields) {
  fields.Require("name");
  fields.Require("port");
  ServiceRef ref;
  ref.name = fields.String("name", {1, 63, IsServiceName, "the name of a Service"}).value_or("");
  if (const auto port = fields.Raw("port")) {
    const auto number = port->integer();
    const auto name = port->string();
    if (number && *number >= 1 && *number <= 65535)
      ref.port = *number;
    else if (name && name->size() <= 63 && IsLabel(*name) &&
             name->find_first_not_of("0123456789-") != std::string::npos)
      ref.port = *name;
    else
      fields.Fail("port", port->Text() + ": `port` must be 1 to 65535, or a port name");
  }
  fields.RefuseUnknown();
  return ref;
}

config::Peer DecodePeer(Fields fields) {
  fields.Require("address");
  fields.Require("port");
  config::Peer peer;
  const TextRule address{0, 45, IsPeerAddress, "one unicast address in canonical form"};
  peer.address = fields.String("address", address).value_or("");
  peer.port = fields.Int("port", kPortRange).value_or(0);
  peer.weight = fields.Int("weight", {1, config::kMaxWeight}).value_or(1);
  fields.RefuseUnknown();
  return peer;
}

}  // namespace

std::vector<config::Condition> DecodeConditions(Fields& object, const std::string& name,
                                                std::size_t min) {
  std::vector<config::Condition> conditions;
  for (auto& [value, path] : object.List(name, {min, config::kMaxConditions}))
    conditions.push_back(DecodeCondition(Fields(value, path, object.findings())));
  return conditions;
}

config::HashKey DecodeHashKey(Fields& fields) {
  const bool has_source = fields.Has("source");
  const bool has_start = fields.Has("start");
  const bool has_end = fields.Has("end");
  const auto source = fields.Enum("source", kKeySources);
  const auto start = fields.Int("start", {0, config::kMaxMatchOffset - 1});
  const auto end = fields.Int("end", {1, config::kMaxMatchOffset});
  if (has_source ? has_start || has_end : !has_start || !has_end)
    fields.Fail("", "must set either `start` and `end`, or `source`");
  if (start && end && !IsRange(*start, *end))
    fields.Fail("", "`start` must be less than `end`, and the key may not be longer than 64 bytes");
  fields.RefuseUnknown();
  return {source.value_or(config::KeySource::kPayload), start.value_or(0), end.value_or(0)};
}

PeerSource DecodePeerSource(Fields& object) {
  PeerSource source;
  if (object.Has("serviceRef") == object.Has("peers"))
    object.Fail("", "exactly one of `serviceRef` or `peers` must be set");
  if (auto ref = object.Object("serviceRef")) source.service = DecodeServiceRef(std::move(*ref));
  std::set<std::pair<std::string, std::int64_t>> seen;
  for (auto& [value, path] : object.List("peers", {1, 128})) {
    source.peers.push_back(DecodePeer(Fields(value, path, object.findings())));
    const config::Peer& peer = source.peers.back();
    if (!peer.address.empty() && !seen.insert({peer.address, peer.port}).second)
      object.findings().errors.push_back({path, "duplicate: the same address and port is above"});
  }
  return source;
}

}  // namespace stevedore::api
