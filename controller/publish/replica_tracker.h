// ReplicaTracker: what the reports of other replicas mean for the routes as they are here. Pure;
// time is a parameter.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/publish/replicas.h"
#include "controller/publish/route_set.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Replicas see events in their own time, so one may run a set of routes that never existed here.
// What it was known to hold before it is taken to hold still, for a while.
// Thread: one.
class ReplicaTracker {
 public:
  // How long a replica may run other routes than ours before it is late.
  static constexpr std::chrono::seconds kPatience{10};

  void Compiled(std::shared_ptr<const RouteSet> routes);

  // One answer for each report, in their order. REQUIRES: Compiled() was called.
  std::vector<ReplicaAnswer> Answers(const std::vector<api::ReplicaReport>& reports, Nanos now);
  // Whether time alone may change the last Answers().
  bool waiting() const;

 private:
  struct Replica {
    std::string routes;                          // as last reported
    std::shared_ptr<const RouteSet> recognized;  // the last of its sets that was known here
    std::set<std::string> refused;               // of that set, over there
    std::optional<Nanos> waiting_since;          // it runs other routes than ours
    bool late = false;
  };
  std::shared_ptr<const RouteSet> Find(const api::ReplicaReport& report) const;
  ReplicaAnswer Answer(const api::ReplicaReport& report, Replica& replica, Nanos now) const;

  std::deque<std::shared_ptr<const RouteSet>> history_;  // newest last: the routes as they are
  std::map<std::string, Replica> replicas_;              // by pod
};

}  // namespace stevedore::publish
