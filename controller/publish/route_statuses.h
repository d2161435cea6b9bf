// From reports and the proxy's answer to the status of each route. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/api/route_status.h"
#include "controller/compile/route_report.h"
#include "proxy/config/status.h"

namespace stevedore::publish {

// What is known of the proxy at the moment of the write.
struct ProxyAnswer {
  std::string written_digest;  // of the compiled config; empty: it is not in the file
  std::optional<config::ProxyStatus> status;  // nothing: it never answered
  bool overdue = false;  // it has not run the written config for longer than it may take
  // Routes that the config which it runs, whichever that is, holds as they are now: news about
  // other routes, or about peers, leaves them programmed.
  std::set<kube::Key> held;
};

struct StatusContext {
  std::string controller_name;
  std::string now;  // RFC 3339, UTC: for conditions that change
};

// The status of one route. `former` gives the transition times of conditions that stay. Conditions
// of types that are not ours are left to whoever writes them.
api::RouteStatus MakeStatus(const compile::RouteReport& report, const ProxyAnswer& answer,
                            const api::RouteStatus& former, const StatusContext& context);

// Whether anything but transition times and conditions of others differs.
bool Differs(const api::RouteStatus& a, const api::RouteStatus& b);

}  // namespace stevedore::publish
