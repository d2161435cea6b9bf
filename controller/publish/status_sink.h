// StatusSink: where the statuses of routes go: to the API server, or, without one, to people.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/api/route_status.h"
#include "controller/kube/object_meta.h"

namespace stevedore::publish {

// The status that one route should have.
struct RouteUpdate {
  kube::Key key;
  std::string uid;
  std::string resource_version;  // of the object that the status was computed from
  std::string origin;            // the manifest, in directory mode
  api::RouteStatus former;       // as the object has it
  api::RouteStatus status;
  bool foreign = false;  // another controller keeps the status: nothing is written about the route
};

// Thread: one, the sync loop's.
class StatusSink {
 public:
  virtual ~StatusSink() = default;
  // Takes the statuses of all routes of the class. True when there is nothing left to be written;
  // false asks to be called again soon.
  virtual bool Publish(const std::vector<RouteUpdate>& updates) = 0;
  // Whether there is something to publish without any news. Asked at every turn of the loop, at
  // least once a second, so it must be cheap.
  virtual bool due() const { return false; }
};

}  // namespace stevedore::publish
