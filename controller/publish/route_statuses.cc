#include "controller/publish/route_statuses.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "controller/publish/programmed.h"

namespace stevedore::publish {
namespace {

using api::ConditionState;
using api::ConditionStatus;
using api::ConditionType;
using api::Reason;

// What the replica's proxy says of the upstream; null when that does not count, or when it has
// nothing to say.
const config::UpstreamStatus* Seen(const compile::RouteReport& report, const ReplicaAnswer& replica,
                                   const compile::UpstreamReport& upstream) {
  if (!RunsRoute(report, replica)) return nullptr;
  const auto found = replica.report.upstreams.find(upstream.config_name);
  return found == replica.report.upstreams.end() ? nullptr : &found->second;
}

// Who sees it, where there are several who could.
std::string Seer(const ReplicaAnswers& answers, const ReplicaAnswer& replica) {
  return answers.replicas.size() > 1 ? ", says " + ProxyOf(replica.report) : "";
}

// What Kubernetes says of the peers, corrected by what the proxies' probes say. The worst that one
// of them sees counts: its clients are served no better.
ConditionState PeersAvailable(const compile::RouteReport& report, const ReplicaAnswers& answers) {
  if (report.peers_available.status != ConditionStatus::kTrue) return report.peers_available;
  ConditionState state = report.peers_available;
  for (const compile::UpstreamReport& upstream : report.upstreams) {
    for (const ReplicaAnswer& replica : answers.replicas) {
      const auto* seen = Seen(report, replica, upstream);
      if (seen == nullptr) continue;
      if (seen->total > 0 && seen->healthy == 0 && !seen->backup_active)
        return {
            ConditionStatus::kFalse, Reason::kAllProbesFailing,
            "no peer of upstream " + upstream.name + " passes its probe" + Seer(answers, replica)};
      if (seen->backup_active && state.reason != Reason::kUsingBackup)
        state = {ConditionStatus::kFalse, Reason::kUsingBackup,
                 "upstream " + upstream.name + " uses its backup peers" + Seer(answers, replica)};
    }
  }
  return state;
}

// Adds what the proxies see: the smallest number of healthy peers. Other replicas tell only of
// upstreams that fail, so ours must have told something.
void AddHealth(const compile::RouteReport& report, const ReplicaAnswers& answers,
               const compile::UpstreamReport& upstream, api::UpstreamCounts& counts) {
  for (const ReplicaAnswer& replica : answers.replicas) {
    const auto* seen = Seen(report, replica, upstream);
    if (seen == nullptr) continue;
    if (upstream.probed)
      counts.healthy = std::min(counts.healthy.value_or(seen->healthy), seen->healthy);
    counts.using_backup = counts.using_backup || seen->backup_active;
  }
}

void FillUpstreams(const compile::RouteReport& report, const ReplicaAnswers& answers,
                   api::RouteStatus& status) {
  int ready = 0;
  int total = 0;
  for (const compile::UpstreamReport& upstream : report.upstreams) {
    api::UpstreamCounts counts;
    counts.name = upstream.name;
    counts.total = upstream.total;
    counts.ready = upstream.ready;
    counts.draining = upstream.draining;
    ready += upstream.ready;
    total += upstream.total;
    AddHealth(report, answers, upstream, counts);
    status.upstreams.push_back(counts);
  }
  status.peer_summary = std::to_string(ready) + "/" + std::to_string(total);
}

bool IsOurs(const api::Condition& condition) {
  constexpr std::array kTypes{ConditionType::kAccepted, ConditionType::kResolvedRefs,
                              ConditionType::kProgrammed, ConditionType::kConflicted,
                              ConditionType::kPeersAvailable};
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](ConditionType type) { return condition.type == ToString(type); });
}

// What keeps clients from a listener that works.
void AddPortProblem(const compile::RouteReport& report, const PortPublisher* ports,
                    std::string& message) {
  if (ports == nullptr || !report.listener || !report.listener->all_addresses) return;
  const std::string problem = ports->ProblemOf(report.listener->port);
  if (!problem.empty()) message += (message.empty() ? "" : "; ") + problem;
}

}  // namespace

api::RouteStatus MakeStatus(const compile::RouteReport& report, const ReplicaAnswers& answers,
                            const api::RouteStatus& former, const StatusContext& context) {
  api::RouteStatus status;
  std::copy_if(former.conditions.begin(), former.conditions.end(),
               std::back_inserter(status.conditions), IsOurs);
  status.observed_generation = report.generation;
  status.controller_name = context.controller_name;
  if (report.listener) {
    status.port = report.listener->port;
    status.owner = report.listener->owner;
    status.attached_routes = report.listener->attached_routes;
    status.addresses = report.listener->addresses;
  }
  FillUpstreams(report, answers, status);
  const auto set = [&](ConditionType type, const ConditionState& state) {
    api::SetCondition(status, type, state, report.generation, context.now);
  };
  ProgrammedState programmed = Programmed(report, answers);
  AddPortProblem(report, context.ports, programmed.condition.message);
  set(ConditionType::kAccepted, report.accepted);
  set(ConditionType::kResolvedRefs, report.resolved_refs);
  set(ConditionType::kProgrammed, programmed.condition);
  set(ConditionType::kPeersAvailable, PeersAvailable(report, answers));
  if (report.conflicted) {
    set(ConditionType::kConflicted, *report.conflicted);
  } else {
    api::RemoveCondition(status, ConditionType::kConflicted);
  }
  status.replicas_total = static_cast<std::int64_t>(answers.replicas.size());
  status.replicas_programmed = programmed.programmed;
  return status;
}

bool Differs(const api::RouteStatus& a, const api::RouteStatus& b) {
  const auto timeless = [](api::RouteStatus status) {
    std::erase_if(status.conditions, [](const auto& condition) { return !IsOurs(condition); });
    for (api::Condition& condition : status.conditions) condition.last_transition_time.clear();
    return status;
  };
  return timeless(a) != timeless(b);
}

}  // namespace stevedore::publish
