// Events, and routes that are worth one, for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>

#include "controller/publish/event.h"
#include "controller/publish/status_sink.h"

namespace stevedore::publish {

inline Event SampleEvent(const std::string& note = "the port is taken",
                         const std::string& reason = "PortConflict",
                         const std::string& uid = "u-1") {
  return {{"stevedore.io/v1alpha1", "StevedoreRoute", "game", "kcp", uid, "100"},
          true,
          reason,
          "Accept",
          note,
          "2026-01-02T00:00:00.000001Z"};
}

// 1, 2, 3 ...
inline std::function<std::uint64_t()> Counting() {
  return [next = std::uint64_t{0}]() mutable { return ++next; };
}

struct SampleCondition {
  std::string type;
  std::string status;
  std::string reason;
  std::string message = "";
};

inline api::RouteStatus StatusOf(std::initializer_list<SampleCondition> conditions) {
  api::RouteStatus status;
  status.port = 2614;
  for (const SampleCondition& c : conditions)
    status.conditions.push_back({c.type, c.status, 4, "", c.reason, c.message});
  return status;
}

inline api::RouteStatus Well() {
  return StatusOf({{"Accepted", "True", "Accepted"},
                   {"ResolvedRefs", "True", "ResolvedRefs"},
                   {"Programmed", "True", "Programmed"},
                   {"PeersAvailable", "True", "PeersReady"}});
}

inline RouteUpdate UpdateTo(const api::RouteStatus& status, const api::RouteStatus& former = {}) {
  RouteUpdate update;
  update.key = {"game", "kcp"};
  update.uid = "u-1";
  update.resource_version = "100";
  update.former = former;
  update.status = status;
  return update;
}

}  // namespace stevedore::publish
