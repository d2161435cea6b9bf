// From reports and the answers of all replicas' proxies to the status of each route. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/api/route_status.h"
#include "controller/compile/route_report.h"
#include "controller/publish/port_publisher.h"
#include "controller/publish/replicas.h"

namespace stevedore::publish {

struct StatusContext {
  std::string controller_name;
  std::string now;                       // RFC 3339, UTC: for conditions that change
  const PortPublisher* ports = nullptr;  // null where no Service is published
};

// The status of one route. `former` gives the transition times of conditions that stay. Conditions
// of types that are not ours are left to whoever writes them.
api::RouteStatus MakeStatus(const compile::RouteReport& report, const ReplicaAnswers& answers,
                            const api::RouteStatus& former, const StatusContext& context);

// Whether anything but transition times and conditions of others differs.
bool Differs(const api::RouteStatus& a, const api::RouteStatus& b);

}  // namespace stevedore::publish
