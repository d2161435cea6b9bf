// StevedoreRoute, kind of stevedore.io/v1alpha1: the typed object and its decoder. The decoder
// applies what the CRD's schema and its CEL rules say, with the same messages, because in directory
// mode there is no API server that does. Shapes that the config file has too are the config's
// types.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/api/decode.h"
#include "controller/api/route_status.h"
#include "controller/kube/object_meta.h"
#include "proxy/config/model.h"

namespace stevedore::api {

// A port of a Service: its number, or its name.
using PortRef = std::variant<std::int64_t, std::string>;

struct ServiceRef {
  std::string name;  // in the route's namespace
  PortRef port;
  bool operator==(const ServiceRef&) const = default;
};

// Where peers come from: a Service, or a list. In a valid route exactly one is there.
struct PeerSource {
  std::optional<ServiceRef> service;
  std::vector<config::Peer> peers;
  bool operator==(const PeerSource&) const = default;
};

// Unset tunables are inherited from the owner of the port.
struct ListenerSpec {
  std::int64_t port = 0;
  std::string address;             // empty: all addresses
  std::vector<std::string> allow;  // ranges (proxy/config/cidr.h)
  std::vector<std::string> deny;
  std::optional<config::SourceRate> rate_limit;
  std::optional<std::int64_t> max_datagram_bytes;
  std::optional<std::int64_t> max_tries;
  bool operator==(const ListenerSpec&) const = default;
};

struct SessionSpec {
  std::optional<std::int64_t> idle_timeout_seconds;
  std::optional<std::int64_t> embryonic_timeout_seconds;
  std::optional<std::int64_t> max_reply_only_seconds;
  std::optional<std::int64_t> max_reply_ratio;
  std::optional<std::int64_t> max_sessions_per_source;
  std::optional<std::int64_t> max_sessions;
  bool operator==(const SessionSpec&) const = default;
};

struct UpstreamSpec {
  std::string name;
  config::Algorithm algorithm = config::Algorithm::kRoundRobin;
  std::optional<config::HashKey> hash_key;
  std::optional<config::Affinity> affinity;
  std::optional<config::Drain> drain;
  std::optional<std::int64_t> drain_timeout_seconds;
  config::WhenNoneUsable when_none_usable = config::WhenNoneUsable::kFailOpen;
  std::optional<config::FollowReplyPort> follow_reply_port;
  PeerSource primary;
  std::optional<PeerSource> backup;
  std::optional<config::HealthCheck> health_check;
  bool operator==(const UpstreamSpec&) const = default;
};

struct RouteSpec {
  // Empty when `className` itself was wrong: then every controller may tell so.
  std::string class_name = "stevedore";
  std::int64_t priority = 0;
  ListenerSpec listener;
  SessionSpec session;
  std::string default_upstream = config::kDeny;
  std::vector<config::Rule> rules;
  std::vector<UpstreamSpec> upstreams;
  bool operator==(const RouteSpec&) const = default;
};

// A route as it was decoded. With findings, `spec` holds whatever could be read and must not be
// compiled. `findings.unsupported` holds unknown fields under `spec`.
struct StevedoreRoute {
  kube::ObjectMeta meta;
  RouteSpec spec;
  RouteStatus status;
  Findings findings;
};

// Never fails: text that is no object gives a route with one finding.
StevedoreRoute DecodeRoute(std::string_view json);

}  // namespace stevedore::api
