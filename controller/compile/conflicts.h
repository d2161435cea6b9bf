// What happens when several routes want the same: who owns a port, in which order rules apply,
// which rule another one hides.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/compile/compile_options.h"
#include "controller/compile/route_model.h"
#include "controller/compile/route_report.h"

namespace stevedore::compile {

// A route on its way into the config: refused as soon as its report is no longer accepted.
struct Candidate {
  RouteModel route;
  RouteReport report;
};
using Candidates = std::vector<Candidate*>;

// Sets Accepted=False.
void Refuse(Candidate& candidate, api::Reason reason, std::string message);
// Sets Conflicted=True. The last in the order of api::Reason stays; messages add up.
void AddConflict(Candidate& candidate, api::Reason reason, const std::string& message);

// Sorts by claim: the oldest first, then namespace/name; in directory mode by namespace/name.
void SortByClaim(Candidates& candidates, bool directory_mode);
// Sorts into the order in which rules apply: priority descending, then namespace/name.
void SortByPriority(Candidates& candidates);

// Refuses who claims a port that a namespace with an older claim holds. REQUIRES: sorted by claim.
void SettlePorts(const Candidates& candidates);

// The limits of one listener: its rules and the shapes of their conditions.
class ListenerBudget {
 public:
  // Takes in all rules of the route, or none and says which limit they break.
  std::optional<std::string> Add(const RouteModel& route);

 private:
  std::size_t rules_ = 0;
  std::set<std::string> shapes_;
};

// Marks every rule whose conditions mean the same as those of an earlier one. REQUIRES: routes of
// one listener, sorted by priority.
void MarkShadowedRules(const Candidates& candidates);
// Marks all but the first route that has a default upstream; returns that one, or null. REQUIRES:
// as above.
const Candidate* SettleDefaultUpstream(const Candidates& candidates);
// Marks routes that wish other settings than the owner's.
void MarkSettingsConflicts(const Candidate& owner, const Candidates& candidates);

}  // namespace stevedore::compile
