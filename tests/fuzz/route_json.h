// A route's spec as the JSON that one would apply: the way back from the decoder, written apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/api/stevedore_route.h"
#include "proxy/config/enum_names.h"
#include "proxy/config/json_text.h"

namespace stevedore::fuzz {

class RouteJson {
 public:
  static std::string Of(const api::StevedoreRoute& route) {
    RouteJson writer;
    config::JsonText& json = writer.json_;
    json.OpenObject();
    json.Name("apiVersion").Value("stevedore.io/v1alpha1");
    json.Name("kind").Value("StevedoreRoute");
    json.Name("metadata").OpenObject();
    json.Name("name").Value(route.meta.name);
    json.Name("namespace").Value(route.meta.ns);
    json.CloseObject();
    json.Name("spec").OpenObject();
    writer.Spec(route.spec);
    json.CloseObject();
    json.CloseObject();
    return std::move(json).Take();
  }

 private:
  void Maybe(const char* name, const std::optional<std::int64_t>& value) {
    if (value) json_.Name(name).Value(*value);
  }
  void Texts(const char* name, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    json_.Name(name).OpenArray();
    for (const std::string& text : texts) json_.Value(text);
    json_.CloseArray();
  }
  template <class E, std::size_t N>
  void Enum(const char* name, const std::array<config::EnumName<E>, N>& names, E value) {
    json_.Name(name).Value(config::NameOf<E>(names, value));
  }

  void Spec(const api::RouteSpec& spec) {
    json_.Name("className").Value(spec.class_name);
    json_.Name("priority").Value(spec.priority);
    json_.Name("listener").OpenObject();
    json_.Name("port").Value(spec.listener.port);
    if (!spec.listener.address.empty()) json_.Name("address").Value(spec.listener.address);
    Texts("allow", spec.listener.allow);
    Texts("deny", spec.listener.deny);
    if (spec.listener.rate_limit) {
      json_.Name("rateLimit").OpenObject();
      json_.Name("datagramsPerSecond").Value(spec.listener.rate_limit->datagrams_per_second);
      Maybe("burst", spec.listener.rate_limit->burst);
      json_.CloseObject();
    }
    Maybe("maxDatagramBytes", spec.listener.max_datagram_bytes);
    Maybe("maxTries", spec.listener.max_tries);
    json_.CloseObject();
    json_.Name("session").OpenObject();
    Maybe("idleTimeoutSeconds", spec.session.idle_timeout_seconds);
    Maybe("embryonicTimeoutSeconds", spec.session.embryonic_timeout_seconds);
    Maybe("maxReplyOnlySeconds", spec.session.max_reply_only_seconds);
    Maybe("maxReplyRatio", spec.session.max_reply_ratio);
    Maybe("maxSessionsPerSource", spec.session.max_sessions_per_source);
    Maybe("maxSessions", spec.session.max_sessions);
    json_.CloseObject();
    json_.Name("defaultUpstream").Value(spec.default_upstream);
    json_.Name("rules").OpenArray();
    for (const config::Rule& rule : spec.rules) {
      json_.OpenObject();
      json_.Name("name").Value(rule.name);
      Conditions("match", rule.match);
      json_.Name("upstream").Value(rule.upstream);
      json_.CloseObject();
    }
    json_.CloseArray();
    json_.Name("upstreams").OpenArray();
    for (const api::UpstreamSpec& upstream : spec.upstreams) Upstream(upstream);
    json_.CloseArray();
  }

  void Conditions(const char* name, const std::vector<config::Condition>& conditions) {
    json_.Name(name).OpenArray();
    for (const config::Condition& condition : conditions) {
      json_.OpenObject();
      json_.Name("start").Value(condition.start);
      json_.Name("end").Value(condition.end);
      Enum("operator", config::kOperatorNames, condition.op);
      json_.Name("value").Value(condition.value);
      json_.CloseObject();
    }
    json_.CloseArray();
  }

  void Upstream(const api::UpstreamSpec& upstream) {
    json_.OpenObject();
    json_.Name("name").Value(upstream.name);
    Enum("algorithm", config::kAlgorithmNames, upstream.algorithm);
    if (upstream.hash_key) HashKey(*upstream.hash_key);
    if (upstream.affinity) Enum("affinity", config::kAffinityNames, *upstream.affinity);
    if (upstream.drain) Enum("drain", config::kDrainNames, *upstream.drain);
    Maybe("drainTimeoutSeconds", upstream.drain_timeout_seconds);
    Enum("whenNoneUsable", config::kWhenNoneUsableNames, upstream.when_none_usable);
    if (upstream.follow_reply_port) {
      json_.Name("followReplyPort").OpenObject();
      if (!upstream.follow_reply_port->restart.empty())
        Conditions("restart", upstream.follow_reply_port->restart);
      json_.CloseObject();
    }
    Source(upstream.primary);
    if (upstream.backup) {
      json_.Name("backup").OpenObject();
      Source(*upstream.backup);
      json_.CloseObject();
    }
    if (upstream.health_check) HealthCheck(*upstream.health_check);
    json_.CloseObject();
  }

  void HashKey(const config::HashKey& key) {
    json_.Name("hashKey").OpenObject();
    if (key.source == config::KeySource::kPayload) {
      json_.Name("start").Value(key.start);
      json_.Name("end").Value(key.end);
    } else {
      Enum("source", config::kKeySourceNames, key.source);
    }
    json_.CloseObject();
  }

  void Source(const api::PeerSource& source) {
    if (source.service) {
      json_.Name("serviceRef").OpenObject();
      json_.Name("name").Value(source.service->name);
      std::visit([&](const auto& port) { json_.Name("port").Value(port); }, source.service->port);
      json_.CloseObject();
    }
    if (source.peers.empty()) return;
    json_.Name("peers").OpenArray();
    for (const config::Peer& peer : source.peers) {
      json_.OpenObject();
      json_.Name("address").Value(peer.address);
      json_.Name("port").Value(peer.port);
      json_.Name("weight").Value(peer.weight);
      json_.CloseObject();
    }
    json_.CloseArray();
  }

  void HealthCheck(const config::HealthCheck& check) {
    json_.Name("healthCheck").OpenObject();
    json_.Name("periodSeconds").Value(check.period_seconds);
    json_.Name("timeoutSeconds").Value(check.timeout_seconds);
    json_.Name("successThreshold").Value(check.success_threshold);
    json_.Name("failureThreshold").Value(check.failure_threshold);
    json_.Name("payload").Value(check.payload);
    Enum("expect", config::kExpectNames, check.expect);
    if (!check.expect_bytes.empty()) Conditions("expectBytes", check.expect_bytes);
    json_.CloseObject();
  }

  config::JsonText json_;
};

}  // namespace stevedore::fuzz
