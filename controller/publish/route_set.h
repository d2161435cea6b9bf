// RouteSet: the routes, each at its generation, that one compiled config holds, and a digest by
// which replicas tell such sets from each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/api/stevedore_route.h"

namespace stevedore::publish {

using Routes = std::map<kube::Key, std::shared_ptr<const api::StevedoreRoute>>;

// Thread: immutable once made, hence any.
struct RouteSet {
  Routes routes;  // accepted ones
  // Over names, uids and generations: the same on every replica, whatever their versions; peers,
  // statuses and the order of events have no part in it.
  std::string digest;
  std::string picture;               // the same over all routes of the class
  std::vector<std::string> refused;  // "namespace/name" of those that are not accepted
};

// `refused`: routes of the class that are not accepted.
std::shared_ptr<const RouteSet> MakeRouteSet(Routes routes, const Routes& refused = {});

// Routes of `now` that `running` holds with the same spec: news about others leaves them as they
// are.
std::set<kube::Key> HeldIn(const RouteSet& running, const RouteSet& now);

}  // namespace stevedore::publish
