// From reports and the proxy's answer to the status of each route. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/api/route_status.h"
#include "controller/compile/route_report.h"
#include "proxy/config/status.h"

namespace stevedore::publish {

// What is known of the proxy at the moment of the write.
struct ProxyAnswer {
  std::string written_digest;                 // of the config file; empty: none was written
  std::optional<config::ProxyStatus> status;  // nothing: it never answered
  bool overdue = false;  // it has not run the written config for longer than it may take
};

struct StatusContext {
  std::string controller_name;
  std::string now;  // RFC 3339, UTC: for conditions that change
};

// The status of one route. `former` gives the transition times of conditions that stay.
api::RouteStatus MakeStatus(const compile::RouteReport& report, const ProxyAnswer& answer,
                            const api::RouteStatus& former, const StatusContext& context);

// Whether anything but transition times differs.
bool Differs(const api::RouteStatus& a, const api::RouteStatus& b);

}  // namespace stevedore::publish
