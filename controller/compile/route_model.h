// RouteModel: a route without regard to the kind of object it came from. The compiler works on it
// alone, so that another front-end needs only a conversion like FromStevedoreRoute().
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/stevedore_route.h"
#include "controller/kube/object_meta.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

// Where peers come from: the port of a Service, or a list.
struct PeerSource {
  std::optional<kube::Key> service;
  api::PortRef port;
  std::vector<config::Peer> peers;
};

struct UpstreamModel {
  config::Upstream policy;  // its name is unique in the route only; it has no peers yet
  PeerSource primary;
  std::optional<PeerSource> backup;
};

// Settings of a listener as one route wishes them; unset (a list: empty): whatever the port's owner
// has.
struct Tunables {
  std::optional<std::int64_t> max_datagram_bytes;
  std::optional<std::int64_t> max_tries;
  std::optional<std::int64_t> idle_timeout_seconds;
  std::optional<std::int64_t> embryonic_timeout_seconds;
  std::optional<std::int64_t> max_reply_only_seconds;
  std::optional<std::int64_t> max_sessions;
  std::optional<std::int64_t> max_sessions_per_source;
  std::optional<std::int64_t> max_reply_ratio;
  std::vector<std::string> allow;
  std::vector<std::string> deny;
  std::optional<config::SourceRate> rate_limit;
};

struct RouteModel {
  kube::Key key;
  std::string created;  // RFC 3339, UTC; empty when the object has no age
  std::string address;  // of the listener; empty: all addresses
  std::int64_t port = 0;
  std::int64_t priority = 0;
  Tunables tunables;
  std::vector<config::Rule> rules;  // their upstreams are names in `upstreams`, or "deny"
  std::string default_upstream = config::kDeny;
  std::vector<UpstreamModel> upstreams;
};

// REQUIRES: a route without findings.
RouteModel FromStevedoreRoute(const api::StevedoreRoute& route);

// The names in the config. They tell which object a thing came from, and they are how the proxy's
// answer is matched with the route.
std::string ListenerName(const std::string& owner_ns, std::int64_t port,
                         const std::string& address);
std::string ScopedName(const kube::Key& route, const std::string& name);  // rule or upstream

}  // namespace stevedore::compile
