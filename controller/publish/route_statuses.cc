#include "controller/publish/route_statuses.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace stevedore::publish {
namespace {

using api::ConditionState;
using api::ConditionStatus;
using api::ConditionType;
using api::Reason;

template <class T>
const T* FindByName(const std::vector<T>& list, const std::string& name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&name](const T& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

bool Runs(const ProxyAnswer& answer) {
  return answer.status && !answer.written_digest.empty() &&
         answer.status->digest == answer.written_digest;
}

// Whether the proxy runs this very route, be it in the newest config or in the one before.
bool Holds(const compile::RouteReport& report, const ProxyAnswer& answer) {
  return Runs(answer) || (answer.status && answer.held.contains(report.key));
}

bool Rejected(const ProxyAnswer& answer) {
  return answer.status && !answer.written_digest.empty() &&
         answer.status->last_attempt.digest == answer.written_digest &&
         !answer.status->last_attempt.applied;
}

ConditionState NotRunning(const ProxyAnswer& answer) {
  if (answer.written_digest.empty())
    return {ConditionStatus::kUnknown, Reason::kPending, "the config could not be written yet"};
  if (!answer.status && answer.overdue)
    return {ConditionStatus::kFalse, Reason::kProxyUnreachable, "the proxy has not answered yet"};
  if (Rejected(answer)) {
    const auto& errors = answer.status->last_attempt.errors;
    return {ConditionStatus::kFalse, Reason::kProxyRejected,
            "the proxy refused the config" +
                (errors.empty() ? std::string() : ": " + ToString(errors.front()))};
  }
  if (answer.overdue)
    return {ConditionStatus::kFalse, Reason::kProxyUnreachable,
            "the proxy still runs another config"};
  return {ConditionStatus::kUnknown, Reason::kPending, "waiting for the proxy"};
}

ConditionState Programmed(const compile::RouteReport& report, const ProxyAnswer& answer) {
  if (!report.is_accepted() || !report.listener)
    return {ConditionStatus::kFalse, Reason::kInvalid, "the route is not accepted"};
  const bool late = !Runs(answer) && (Rejected(answer) || answer.overdue);
  if (late || !Holds(report, answer)) return NotRunning(answer);
  const auto* listener = FindByName(answer.status->listeners, report.listener->name);
  if (listener == nullptr)
    return {ConditionStatus::kUnknown, Reason::kPending, "waiting for the proxy"};
  if (!listener->bound)
    return {ConditionStatus::kFalse, Reason::kBindFailed,
            "the proxy cannot listen: " + listener->error};
  return {ConditionStatus::kTrue, Reason::kProgrammed, ""};
}

// What Kubernetes says of the peers, corrected by what the proxy's probes say.
ConditionState PeersAvailable(const compile::RouteReport& report, const ProxyAnswer& answer) {
  if (!Holds(report, answer) || report.peers_available.status != ConditionStatus::kTrue)
    return report.peers_available;
  ConditionState state = report.peers_available;
  for (const compile::UpstreamReport& upstream : report.upstreams) {
    const auto* seen = FindByName(answer.status->upstreams, upstream.config_name);
    if (seen == nullptr) continue;
    if (seen->total > 0 && seen->healthy == 0 && !seen->backup_active)
      return {ConditionStatus::kFalse, Reason::kAllProbesFailing,
              "no peer of upstream " + upstream.name + " passes its probe"};
    if (seen->backup_active)
      state = {ConditionStatus::kFalse, Reason::kUsingBackup,
               "upstream " + upstream.name + " uses its backup peers"};
  }
  return state;
}

void FillUpstreams(const compile::RouteReport& report, const ProxyAnswer& answer,
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
    const auto* seen = Holds(report, answer)
                           ? FindByName(answer.status->upstreams, upstream.config_name)
                           : nullptr;
    if (seen != nullptr) {
      if (upstream.probed) counts.healthy = seen->healthy;
      counts.using_backup = seen->backup_active;
    }
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

}  // namespace

api::RouteStatus MakeStatus(const compile::RouteReport& report, const ProxyAnswer& answer,
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
  }
  FillUpstreams(report, answer, status);
  const auto set = [&](ConditionType type, const ConditionState& state) {
    api::SetCondition(status, type, state, report.generation, context.now);
  };
  const ConditionState programmed = Programmed(report, answer);
  set(ConditionType::kAccepted, report.accepted);
  set(ConditionType::kResolvedRefs, report.resolved_refs);
  set(ConditionType::kProgrammed, programmed);
  set(ConditionType::kPeersAvailable, PeersAvailable(report, answer));
  if (report.conflicted) {
    set(ConditionType::kConflicted, *report.conflicted);
  } else {
    api::RemoveCondition(status, ConditionType::kConflicted);
  }
  status.replicas_total = 1;
  status.replicas_programmed = programmed.status == ConditionStatus::kTrue ? 1 : 0;
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
