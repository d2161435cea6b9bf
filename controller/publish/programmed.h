// The condition Programmed, of all replicas: true only when each of them runs a config that holds
// the route as it is, with its listener bound. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/api/conditions.h"
#include "controller/compile/route_report.h"
#include "controller/publish/replicas.h"

namespace stevedore::publish {

// Whether what the replica's proxy says of the route's peers counts: it lives, and runs the route.
bool RunsRoute(const compile::RouteReport& report, const ReplicaAnswer& replica);

// "the proxy", or "the proxy of pod P on node N" where there are pods.
std::string ProxyOf(const api::ReplicaReport& replica);

struct ProgrammedState {
  api::ConditionState condition;
  int programmed = 0;  // replicas of which all is well
};

ProgrammedState Programmed(const compile::RouteReport& report, const ReplicaAnswers& answers);

}  // namespace stevedore::publish
