#include "controller/publish/programmed.h"

#include <algorithm>
#include <map>
#include <vector>

namespace stevedore::publish {
namespace {

using api::ConditionState;
using api::ConditionStatus;
using api::ProxyState;
using api::Reason;

// Replicas that a message tells one by one.
constexpr std::size_t kMaxTold = 3;

ConditionState Unreachable(std::string message) {
  return {ConditionStatus::kFalse, Reason::kProxyUnreachable, std::move(message)};
}

std::string ConfigOf(const api::ReplicaReport& replica) {
  return replica.pod.empty() ? "the config" : "the config of pod " + replica.pod;
}

// Why the replica does not run the route as it is now.
ConditionState NotHeld(const api::ReplicaReport& replica) {
  switch (replica.proxy) {
    case ProxyState::kUnwritten:
      return {ConditionStatus::kUnknown, Reason::kPending,
              ConfigOf(replica) + " could not be written yet"};
    case ProxyState::kLate:
      return Unreachable(ProxyOf(replica) + " still runs " +
                         (replica.digest.empty() ? "no config" : "another config"));
    case ProxyState::kRejected:
      return {ConditionStatus::kFalse, Reason::kProxyRejected,
              ProxyOf(replica) + " refused the config" +
                  (replica.refusal.empty() ? "" : ": " + replica.refusal)};
    case ProxyState::kSilent:
      return Unreachable(ProxyOf(replica) + (replica.digest.empty() ? " has not answered yet"
                                                                    : " gives no sign of life"));
    case ProxyState::kRuns:
    case ProxyState::kPending:
      break;
  }
  return {ConditionStatus::kUnknown, Reason::kPending, "waiting for " + ProxyOf(replica)};
}

ConditionState OfReplica(const compile::RouteReport& report, const ReplicaAnswer& replica) {
  if (!RunsRoute(report, replica)) return NotHeld(replica.report);
  const auto unbound = replica.report.unbound.find(report.listener->name);
  if (unbound != replica.report.unbound.end())
    return {ConditionStatus::kFalse, Reason::kBindFailed,
            ProxyOf(replica.report) + " cannot listen: " + unbound->second};
  if (replica.report.listeners_cut > 0)
    return {ConditionStatus::kUnknown, Reason::kPending,
            ProxyOf(replica.report) + " fails to bind more listeners than it can tell"};
  return {ConditionStatus::kTrue, Reason::kProgrammed, ""};
}

// What is told first: what somebody has to do something about.
int Weight(const ConditionState& state) {
  if (state.status == ConditionStatus::kTrue) return 0;
  switch (state.reason) {
    case Reason::kBindFailed:
      return 4;
    case Reason::kProxyRejected:
      return 3;
    case Reason::kProxyUnreachable:
      return 2;
    default:
      return 1;
  }
}

// Of several replicas, those that have the gravest problem, and how many have none.
ConditionState Worst(const std::vector<ConditionState>& states, int programmed) {
  const auto worst =
      std::max_element(states.begin(), states.end(),
                       [](const auto& a, const auto& b) { return Weight(a) < Weight(b); });
  ConditionState result{worst->status, worst->reason, ""};
  std::size_t told = 0;
  std::size_t untold = 0;
  for (const ConditionState& state : states) {
    if (Weight(state) != Weight(*worst)) continue;
    if (told == kMaxTold) {
      ++untold;
      continue;
    }
    result.message += (told++ > 0 ? "; " : "") + state.message;
  }
  if (untold > 0) result.message += "; " + std::to_string(untold) + " more like these";
  if (states.size() > 1)
    result.message += "; programmed on " + std::to_string(programmed) + " of " +
                      std::to_string(states.size()) + " replicas";
  return result;
}

}  // namespace

bool RunsRoute(const compile::RouteReport& report, const ReplicaAnswer& replica) {
  return replica.report.proxy != ProxyState::kSilent && replica.held.contains(report.key);
}

std::string ProxyOf(const api::ReplicaReport& replica) {
  if (replica.pod.empty()) return "the proxy";
  return "the proxy of pod " + replica.pod +
         (replica.node.empty() ? "" : " on node " + replica.node);
}

ProgrammedState Programmed(const compile::RouteReport& report, const ReplicaAnswers& answers) {
  if (!report.is_accepted() || !report.listener)
    return {{ConditionStatus::kFalse, Reason::kInvalid, "the route is not accepted"}, 0};
  std::vector<ConditionState> states;
  for (const ReplicaAnswer& replica : answers.replicas)
    states.push_back(OfReplica(report, replica));
  const int programmed = static_cast<int>(std::count_if(
      states.begin(), states.end(), [](const auto& state) { return Weight(state) == 0; }));
  if (static_cast<std::size_t>(programmed) < states.size())
    return {Worst(states, programmed), programmed};
  if (!answers.unknown.empty())
    return {{ConditionStatus::kUnknown, Reason::kPending,
             "the other replicas are not known: " + answers.unknown},
            programmed};
  return {{ConditionStatus::kTrue, Reason::kProgrammed, ""}, programmed};
}

}  // namespace stevedore::publish
