// One route into its parts of the config.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/compile/compile_options.h"
#include "controller/compile/conflicts.h"
#include "controller/compile/peer_resolver.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

// Refuses the route for what is wrong with it alone: a port or a peer that is not permitted, a name
// that is too long.
void CheckRoute(Candidate& candidate, const CompileOptions& options, const PeerPolicy& policy);

// The rules with the names of the config.
std::vector<config::Rule> CompileRules(const RouteModel& route);
// The name in the config of an upstream of the route, or "deny".
std::string UpstreamName(const RouteModel& route, const std::string& upstream);
// The upstreams with their peers; fills in what the report says of references and peers.
std::vector<config::Upstream> CompileUpstreams(Candidate& candidate, const PeerResolver& resolver);

}  // namespace stevedore::compile
