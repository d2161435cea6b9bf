// The compiler: from a picture of the cluster to the config of the proxy and one report per route.
// Pure: the same view and options give the same output, whatever the order in which objects came.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/compile/compile_options.h"
#include "controller/compile/route_report.h"
#include "controller/store/cluster_view.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

struct CompileOutput {
  config::ProxyConfig config;           // passes config::Validate(); sorted by names
  std::vector<RouteReport> reports;     // of all routes of the class, by namespace/name
  std::vector<ObjectProblem> problems;  // of other objects, by kind and namespace/name
};

// Routes of other classes are ignored whole. A route that is refused leaves no trace in the config.
CompileOutput Compile(const store::ClusterView& view, const CompileOptions& options);

}  // namespace stevedore::compile
