#include <utility>

#include "proxy/config/enum_names.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/json_text.h"

namespace stevedore::config {
namespace {

// Defined below, where every Write() that it may call is known.
template <class T>
void Write(JsonText& out, const std::vector<T>& items);

void Write(JsonText& out, const std::string& text) { out.Value(text); }

void Write(JsonText& out, const Condition& condition) {
  out.OpenObject();
  out.Name("start").Value(condition.start);
  out.Name("end").Value(condition.end);
  out.Name("operator").Value(NameOf(kOperatorNames, condition.op));
  out.Name("value").Value(condition.value);
  out.CloseObject();
}

void Write(JsonText& out, const Rule& rule) {
  out.OpenObject();
  out.Name("name").Value(rule.name);
  Write(out.Name("match"), rule.match);
  out.Name("upstream").Value(rule.upstream);
  out.CloseObject();
}

void Write(JsonText& out, const SessionSettings& session) {
  out.OpenObject();
  out.Name("idleTimeoutSeconds").Value(session.idle_timeout_seconds);
  out.Name("embryonicTimeoutSeconds").Value(session.embryonic_timeout_seconds);
  out.Name("maxReplyOnlySeconds").Value(session.max_reply_only_seconds);
  out.Name("maxSessions").Value(session.max_sessions);
  out.Name("maxSessionsPerSource").Value(session.max_sessions_per_source);
  if (session.max_reply_ratio != 0) out.Name("maxReplyRatio").Value(session.max_reply_ratio);
  out.CloseObject();
}

void Write(JsonText& out, const SourceRate& rate) {
  out.OpenObject();
  out.Name("datagramsPerSecond").Value(rate.datagrams_per_second);
  out.Name("burst").Value(EffectiveBurst(rate));
  out.CloseObject();
}

// What limits clients is written where it is set, so that an older proxy takes the file of who does
// not use it.
void Write(JsonText& out, const Listener& listener) {
  out.OpenObject();
  out.Name("name").Value(listener.name);
  out.Name("address").Value(listener.address);
  out.Name("port").Value(listener.port);
  out.Name("maxDatagramBytes").Value(listener.max_datagram_bytes);
  out.Name("maxTries").Value(listener.max_tries);
  if (!listener.allow.empty()) Write(out.Name("allow"), listener.allow);
  if (!listener.deny.empty()) Write(out.Name("deny"), listener.deny);
  if (listener.rate_limit) Write(out.Name("rateLimit"), *listener.rate_limit);
  Write(out.Name("session"), listener.session);
  Write(out.Name("rules"), listener.rules);
  out.Name("defaultUpstream").Value(listener.default_upstream);
  out.CloseObject();
}

void Write(JsonText& out, const HashKey& key) {
  out.OpenObject();
  if (key.source == KeySource::kPayload) {
    out.Name("start").Value(key.start);
    out.Name("end").Value(key.end);
  } else {
    out.Name("source").Value(NameOf(kKeySourceNames, key.source));
  }
  out.CloseObject();
}

void Write(JsonText& out, const HealthCheck& check) {
  out.OpenObject();
  out.Name("periodSeconds").Value(check.period_seconds);
  out.Name("timeoutSeconds").Value(check.timeout_seconds);
  out.Name("successThreshold").Value(check.success_threshold);
  out.Name("failureThreshold").Value(check.failure_threshold);
  out.Name("payload").Value(check.payload);
  out.Name("expect").Value(NameOf(kExpectNames, check.expect));
  Write(out.Name("expectBytes"), check.expect_bytes);
  out.CloseObject();
}

void Write(JsonText& out, const Peer& peer) {
  out.OpenObject();
  out.Name("address").Value(peer.address);
  out.Name("port").Value(peer.port);
  out.Name("weight").Value(peer.weight);
  out.Name("draining").Value(peer.draining);
  out.CloseObject();
}

void Write(JsonText& out, const Upstream& upstream) {
  out.OpenObject();
  out.Name("name").Value(upstream.name);
  out.Name("algorithm").Value(NameOf(kAlgorithmNames, upstream.algorithm));
  if (upstream.hash_key) Write(out.Name("hashKey"), *upstream.hash_key);
  out.Name("affinity").Value(NameOf(kAffinityNames, EffectiveAffinity(upstream)));
  out.Name("drain").Value(NameOf(kDrainNames, upstream.drain));
  if (upstream.drain_timeout_seconds)
    out.Name("drainTimeoutSeconds").Value(*upstream.drain_timeout_seconds);
  out.Name("whenNoneUsable").Value(NameOf(kWhenNoneUsableNames, upstream.when_none_usable));
  if (upstream.follow_reply_port) {
    out.Name("followReplyPort").OpenObject();
    Write(out.Name("restart"), upstream.follow_reply_port->restart);
    out.CloseObject();
  }
  if (upstream.health_check) Write(out.Name("healthCheck"), *upstream.health_check);
  Write(out.Name("peers"), upstream.peers);
  Write(out.Name("backupPeers"), upstream.backup_peers);
  out.CloseObject();
}

template <class T>
void Write(JsonText& out, const std::vector<T>& items) {
  out.OpenArray();
  for (const T& item : items) Write(out, item);
  out.CloseArray();
}

}  // namespace

std::string Encode(const ProxyConfig& config) {
  JsonText out;
  out.OpenObject();
  out.Name("version").Value(1);
  out.Name("hashSeed").Value(config.hash_seed);
  Write(out.Name("ownAddresses"), config.own_addresses);
  Write(out.Name("listeners"), config.listeners);
  Write(out.Name("upstreams"), config.upstreams);
  out.CloseObject();
  return std::move(out).Take();
}

}  // namespace stevedore::config
