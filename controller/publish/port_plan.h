// PortPlan: which ports the published Service should list through us. Pure; time is a parameter.
//
// An entry of spec.ports belongs to whoever put it there. What others list is left to them, name
// and nodePort included; an entry of ours on which somebody set something (a nodePort, a name) is
// held, even without a route, since giving it up would take theirs along.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/api/service.h"
#include "controller/api/service_apply.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// What the API server calls us in managedFields.
inline constexpr const char* kPortManager = "stevedore-ports";

// What the server's refusals taught.
struct PortLimits {
  std::map<std::int64_t, std::string> refused{};  // not to be asked for, and why
  std::size_t max_new = SIZE_MAX;                 // entries to add at once
};

struct PlannedPorts {
  // What to apply; nothing when the Service is as it should be, or cannot be made so.
  std::optional<std::vector<api::AppliedPort>> apply;
  std::vector<std::int64_t> added;  // of `apply`: ports that the Service does not list yet
  // Why nothing can be published; empty: something can.
  std::string problem;
  // Wanted ports that it does not list and will not get, and why.
  std::map<std::int64_t, std::string> refused;
};

// Thread: one.
class PortPlan {
 public:
  // How long a port stays without a route: a route that is replaced keeps its nodePort.
  static constexpr std::chrono::seconds kGrace{60};

  // `wanted`: the listeners' ports now. `live`: the Service; null when it does not exist.
  PlannedPorts Make(const std::set<std::int64_t>& wanted, const api::Service* live,
                    const PortLimits& limits, Nanos now);

 private:
  void Remember(const std::set<std::int64_t>& wanted, const std::set<std::int64_t>& ours,
                Nanos now);

  std::set<std::int64_t> wanted_;
  std::map<std::int64_t, Nanos> leaving_;  // ports without a route, and since when
};

// Whether the Service lists the UDP port.
bool Lists(const api::Service& service, std::int64_t port);

}  // namespace stevedore::publish
