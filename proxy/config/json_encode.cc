#include <nlohmann/json.hpp>

#include "proxy/config/enum_names.h"
#include "proxy/config/json_codec.h"

namespace stevedore::config {
namespace {

using Json = nlohmann::ordered_json;

template <class T, class Write>
Json List(const std::vector<T>& items, Write write) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(write(item));
  return list;
}

Json ConditionJson(const Condition& condition) {
  return {{"start", condition.start},
          {"end", condition.end},
          {"operator", NameOf(kOperatorNames, condition.op)},
          {"value", condition.value}};
}

Json RuleJson(const Rule& rule) {
  return {
      {"name", rule.name}, {"match", List(rule.match, ConditionJson)}, {"upstream", rule.upstream}};
}

Json SessionJson(const SessionSettings& session) {
  return {{"idleTimeoutSeconds", session.idle_timeout_seconds},
          {"embryonicTimeoutSeconds", session.embryonic_timeout_seconds},
          {"maxReplyOnlySeconds", session.max_reply_only_seconds},
          {"maxSessions", session.max_sessions},
          {"maxSessionsPerSource", session.max_sessions_per_source}};
}

Json ListenerJson(const Listener& listener) {
  return {{"name", listener.name},
          {"address", listener.address},
          {"port", listener.port},
          {"maxDatagramBytes", listener.max_datagram_bytes},
          {"maxTries", listener.max_tries},
          {"session", SessionJson(listener.session)},
          {"rules", List(listener.rules, RuleJson)},
          {"defaultUpstream", listener.default_upstream}};
}

Json HashKeyJson(const HashKey& key) {
  if (key.source == KeySource::kPayload) return {{"start", key.start}, {"end", key.end}};
  return {{"source", NameOf(kKeySourceNames, key.source)}};
}

Json HealthCheckJson(const HealthCheck& check) {
  return {{"periodSeconds", check.period_seconds},
          {"timeoutSeconds", check.timeout_seconds},
          {"successThreshold", check.success_threshold},
          {"failureThreshold", check.failure_threshold},
          {"payload", check.payload},
          {"expect", NameOf(kExpectNames, check.expect)},
          {"expectBytes", List(check.expect_bytes, ConditionJson)}};
}

Json PeerJson(const Peer& peer) {
  return {{"address", peer.address},
          {"port", peer.port},
          {"weight", peer.weight},
          {"draining", peer.draining}};
}

Json UpstreamJson(const Upstream& upstream) {
  Json json = {{"name", upstream.name}, {"algorithm", NameOf(kAlgorithmNames, upstream.algorithm)}};
  if (upstream.hash_key) json["hashKey"] = HashKeyJson(*upstream.hash_key);
  json["affinity"] = NameOf(kAffinityNames, EffectiveAffinity(upstream));
  json["drain"] = NameOf(kDrainNames, upstream.drain);
  if (upstream.drain_timeout_seconds) json["drainTimeoutSeconds"] = *upstream.drain_timeout_seconds;
  json["whenNoneUsable"] = NameOf(kWhenNoneUsableNames, upstream.when_none_usable);
  if (upstream.follow_reply_port)
    json["followReplyPort"] = {
        {"restart", List(upstream.follow_reply_port->restart, ConditionJson)}};
  if (upstream.health_check) json["healthCheck"] = HealthCheckJson(*upstream.health_check);
  json["peers"] = List(upstream.peers, PeerJson);
  json["backupPeers"] = List(upstream.backup_peers, PeerJson);
  return json;
}

}  // namespace

std::string Encode(const ProxyConfig& config) {
  const Json json = {{"version", 1},
                     {"hashSeed", config.hash_seed},
                     {"ownAddresses", config.own_addresses},
                     {"listeners", List(config.listeners, ListenerJson)},
                     {"upstreams", List(config.upstreams, UpstreamJson)}};
  // Bytes that are no UTF-8 become U+FFFD: the default throws.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace stevedore::config
