// The status of a StevedoreRoute: what users believe, so it says nothing that is not so.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/conditions.h"
#include "controller/kube/object_meta.h"

namespace stevedore::api {

// One entry of `conditions`, as metav1.Condition. Values are texts, because a newer controller may
// have written others than ours.
struct Condition {
  std::string type;
  std::string status;
  std::int64_t observed_generation = 0;
  std::string last_transition_time;  // RFC 3339, UTC
  std::string reason;
  std::string message;
  bool operator==(const Condition&) const = default;
};

struct UpstreamCounts {
  std::string name;
  int total = 0;
  int ready = 0;
  std::optional<int> healthy;  // absent without healthCheck
  int draining = 0;
  bool using_backup = false;
  bool operator==(const UpstreamCounts&) const = default;
};

// Where clients reach the listener: an address of the published Service and a port there.
struct ListenerAddress {
  std::string type;  // "IPAddress" or "Hostname"
  std::string value;
  std::int64_t port = 0;
  std::int64_t node_port = 0;  // 0: none
  bool operator==(const ListenerAddress&) const = default;
};

struct RouteStatus {
  std::int64_t observed_generation = 0;
  std::string controller_name;  // namespace/release that writes it
  std::int64_t replicas_total = 0;
  std::int64_t replicas_programmed = 0;
  std::string peer_summary;  // "ready/total"
  std::int64_t port = 0;
  std::string owner;  // namespace/name whose tunables apply
  std::int64_t attached_routes = 0;
  std::vector<ListenerAddress> addresses;
  std::vector<UpstreamCounts> upstreams;
  std::vector<Condition> conditions;
  bool operator==(const RouteStatus&) const = default;
};

// The `status` of an object's JSON text; what is missing or odd keeps its default. Never fails: it
// is our own earlier writing, and writing it anew mends it.
RouteStatus DecodeStatus(std::string_view object_json);

// JSON text of the whole object with this status, as server-side apply takes it: key, uid and
// resourceVersion say for which state of which object it was computed. Empty uid and version are
// left out.
std::string EncodeWithStatus(const kube::Key& key, const std::string& uid,
                             const std::string& resource_version, const RouteStatus& status);

// Adds or replaces the condition of `type`; its transition time changes only when its status does.
// A message longer than 4 KiB is cut, well below what the API server takes.
void SetCondition(RouteStatus& status, ConditionType type, const ConditionState& state,
                  std::int64_t generation, const std::string& now);
void RemoveCondition(RouteStatus& status, ConditionType type);

}  // namespace stevedore::api
