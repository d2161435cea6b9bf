// RouteReport: what compiling made of one route. Input of the status writer, of the log in
// directory mode and of `compile -f`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/api/conditions.h"
#include "controller/api/route_status.h"
#include "controller/kube/object_meta.h"
#include "proxy/config/field_error.h"

namespace stevedore::compile {

// Peers of one upstream as Kubernetes tells; whether their probes pass, only the proxy knows.
struct UpstreamReport {
  std::string name;         // in the route
  std::string config_name;  // in the config, "<namespace>/<route>/<upstream>"
  int total = 0;            // distinct peers listed, whatever their state
  int ready = 0;
  int draining = 0;
  int backup_ready = 0;
  bool probed = false;  // it has a healthCheck
  bool operator==(const UpstreamReport&) const = default;
};

struct ListenerReport {
  std::string name;  // in the config, "<namespace>/<port>[/<address>]"
  std::int64_t port = 0;
  std::string owner;          // "namespace/name" of the route whose tunables apply
  int attached_routes = 0;    // accepted ones, this included
  bool all_addresses = true;  // else it is no business of the published Service
  // Where clients reach it by that Service.
  std::vector<api::ListenerAddress> addresses{};
  bool operator==(const ListenerReport&) const = default;
};

struct RouteReport {
  kube::Key key;
  std::string uid;
  std::int64_t generation = 0;
  std::string origin;  // the manifest; empty in a cluster

  api::ConditionState accepted;
  api::ConditionState resolved_refs;    // Unknown while not accepted
  api::ConditionState peers_available;  // likewise; before any probe
  std::optional<api::ConditionState> conflicted;

  std::optional<ListenerReport> listener;  // nothing while not accepted
  std::vector<UpstreamReport> upstreams;   // empty while not accepted
  // Why it is Invalid or UnsupportedField, field by field; empty otherwise.
  config::FieldErrors field_errors;

  bool is_accepted() const { return accepted.status == api::ConditionStatus::kTrue; }
  bool operator==(const RouteReport&) const = default;
};

// A field of a Service, EndpointSlice or Endpoints that could not be read; the rest of the object
// is used.
struct ObjectProblem {
  std::string origin;
  std::string object;  // "Service game/kcp"
  config::FieldError error;
  bool operator==(const ObjectProblem&) const = default;
};

}  // namespace stevedore::compile
