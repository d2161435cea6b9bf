// A report and the answers to it, for tests to bend.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/api/route_status.h"
#include "controller/compile/route_report.h"
#include "controller/publish/route_statuses.h"

namespace stevedore::publish {

inline constexpr const char* kEarlier = "2026-01-01T00:00:00Z";
inline constexpr const char* kNow = "2026-01-02T00:00:00Z";

// An accepted route of generation 4 with one probed upstream: 3 peers, 2 of them ready.
inline compile::RouteReport SampleReport() {
  using api::ConditionStatus;
  using api::Reason;
  compile::RouteReport report;
  report.key = {"game", "kcp"};
  report.uid = "u-1";
  report.generation = 4;
  report.accepted = {ConditionStatus::kTrue, Reason::kAccepted, ""};
  report.resolved_refs = {ConditionStatus::kTrue, Reason::kResolvedRefs, ""};
  report.peers_available = {ConditionStatus::kTrue, Reason::kPeersReady, ""};
  report.listener = compile::ListenerReport{"game/2614", 2614, "game/kcp", 1};
  report.upstreams = {{"a", "game/kcp/a", 3, 2, 1, 0, true}};
  return report;
}

// A replica whose proxy runs the route: all is well.
inline ReplicaAnswer SampleReplica(const std::string& pod = "", const std::string& node = "") {
  ReplicaAnswer replica;
  replica.report.pod = pod;
  replica.report.node = node;
  replica.report.proxy = api::ProxyState::kRuns;
  replica.report.digest = "sha256:config";
  replica.report.upstreams["game/kcp/a"] = {"game/kcp/a", 3, 2, 2, 1, 2, false};
  replica.held = {{"game", "kcp"}};
  return replica;
}

// There is no replica but this one.
inline ReplicaAnswers SampleAnswers() { return {{SampleReplica()}, ""}; }

// "True/Programmed: message"; empty when there is no such condition.
inline std::string ConditionText(const api::RouteStatus& status, const std::string& type) {
  for (const api::Condition& condition : status.conditions)
    if (condition.type == type)
      return condition.status + "/" + condition.reason +
             (condition.message.empty() ? "" : ": " + condition.message);
  return "";
}

inline api::RouteStatus SampleStatus(const compile::RouteReport& report = SampleReport(),
                                     const ReplicaAnswers& answers = SampleAnswers(),
                                     const api::RouteStatus& former = {},
                                     const std::string& now = kNow) {
  return MakeStatus(report, answers, former, {"stevedore/stevedore", now});
}

}  // namespace stevedore::publish
