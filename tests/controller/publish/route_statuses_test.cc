#include "controller/publish/route_statuses.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/controller/publish/report_sample.h"

namespace stevedore::publish {
namespace {

using api::ConditionStatus;
using api::Reason;
using compile::RouteReport;

// Bends a report and an answer of which all is well, and expects one condition.
struct Case {
  const char* name;
  std::function<void(RouteReport&, ProxyAnswer&)> bend;
  const char* expected;
};

void Check(const std::string& type, const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    RouteReport report = SampleReport();
    ProxyAnswer answer = SampleAnswer();
    test.bend(report, answer);
    EXPECT_EQ(ConditionText(SampleStatus(report, answer), type), test.expected) << test.name;
  }
}

// A newer config was written than the one that the proxy runs.
void Behind(ProxyAnswer& answer) { answer.written_digest = "sha256:newer"; }
void Hold(ProxyAnswer& answer) { answer.held = {{"game", "kcp"}}; }
void Reject(ProxyAnswer& answer) {
  answer.status->last_attempt = {
      "sha256:newer", false, {{"listeners[0].port", "0: must be 1 to 65535"}, {"x", "y"}}};
}
void Unbind(ProxyAnswer& answer) {
  answer.status->listeners[0] = {"game/2614", false, "address in use"};
}

TEST(RouteStatuses, TellProgrammed) {
  Check(
      "Programmed",
      {
          {"runs and bound", [](auto&, auto&) {}, "True/Programmed"},
          {"not bound", [](auto&, auto& a) { Unbind(a); },
           "False/BindFailed: the proxy cannot listen: address in use"},
          {"listener unknown to the proxy", [](auto&, auto& a) { a.status->listeners.clear(); },
           "Unknown/Pending: waiting for the proxy"},
          {"not accepted", [](auto& r, auto&) { r.accepted.status = ConditionStatus::kFalse; },
           "False/Invalid: the route is not accepted"},
          {"runs another", [](auto&, auto& a) { Behind(a); },
           "Unknown/Pending: waiting for the proxy"},
          {"runs another, late",
           [](auto&, auto& a) {
             Behind(a);
             a.overdue = true;
           },
           "False/ProxyUnreachable: the proxy still runs another config"},
          {"no answer yet", [](auto&, auto& a) { a.status.reset(); },
           "Unknown/Pending: waiting for the proxy"},
          {"no answer, late",
           [](auto&, auto& a) {
             a.status.reset();
             a.overdue = true;
           },
           "False/ProxyUnreachable: the proxy has not answered yet"},
          {"rejected",
           [](auto&, auto& a) {
             Behind(a);
             Reject(a);
           },
           "False/ProxyRejected: the proxy refused the config: listeners[0].port: 0: must be 1 to "
           "65535"},
          {"rejected without a word",
           [](auto&, auto& a) {
             Behind(a);
             Reject(a);
             a.status->last_attempt.errors.clear();
           },
           "False/ProxyRejected: the proxy refused the config"},
          {"rejected an older one",
           [](auto&, auto& a) {
             Behind(a);
             Reject(a);
             a.status->last_attempt.digest = "sha256:old";
           },
           "Unknown/Pending: waiting for the proxy"},
          {"not written", [](auto&, auto& a) { a.written_digest.clear(); },
           "Unknown/Pending: the config could not be written yet"},
          {"not written, and the proxy met a broken file",
           [](auto&, auto& a) {
             a.written_digest.clear();
             a.status->last_attempt = {"", false, {}};
           },
           "Unknown/Pending: the config could not be written yet"},
      });
}

TEST(RouteStatuses, StayProgrammedWhileTheProxyTakesInNewsOfOthers) {
  Check("Programmed", {
                          {"bound",
                           [](auto&, auto& a) {
                             Behind(a);
                             Hold(a);
                           },
                           "True/Programmed"},
                          {"not bound",
                           [](auto&, auto& a) {
                             Behind(a);
                             Hold(a);
                             Unbind(a);
                           },
                           "False/BindFailed: the proxy cannot listen: address in use"},
                          {"late",
                           [](auto&, auto& a) {
                             Behind(a);
                             Hold(a);
                             a.overdue = true;
                           },
                           "False/ProxyUnreachable: the proxy still runs another config"},
                          {"rejected",
                           [](auto&, auto& a) {
                             Behind(a);
                             Hold(a);
                             Reject(a);
                             a.status->last_attempt.errors.clear();
                           },
                           "False/ProxyRejected: the proxy refused the config"},
                      });
}

TEST(RouteStatuses, TellPeersAvailable) {
  const auto upstream = [](ProxyAnswer & a) -> auto& { return a.status->upstreams[0]; };
  Check(
      "PeersAvailable",
      {
          {"ready", [](auto&, auto&) {}, "True/PeersReady"},
          {"no ready peer",
           [](auto& r, auto&) {
             r.peers_available = {ConditionStatus::kFalse, Reason::kNoPeers, "upstream a has none"};
           },
           "False/NoPeers: upstream a has none"},
          {"probes fail", [&](auto&, auto& a) { upstream(a).healthy = 0; },
           "False/AllProbesFailing: no peer of upstream a passes its probe"},
          {"probes fail, backup serves",
           [&](auto&, auto& a) {
             upstream(a).healthy = 0;
             upstream(a).backup_active = true;
           },
           "False/UsingBackup: upstream a uses its backup peers"},
          {"no peers: the proxy has nothing to add",
           [&](auto&, auto& a) { upstream(a).total = upstream(a).healthy = 0; }, "True/PeersReady"},
          {"probes of a config that is gone",
           [&](auto&, auto& a) {
             upstream(a).healthy = 0;
             Behind(a);
           },
           "True/PeersReady"},
          {"probes while news of others is on the way",
           [&](auto&, auto& a) {
             upstream(a).healthy = 0;
             Behind(a);
             Hold(a);
           },
           "False/AllProbesFailing: no peer of upstream a passes its probe"},
          {"one of two upstreams fails, the other uses its backup",
           [&](auto& r, auto& a) {
             r.upstreams.push_back({"b", "game/kcp/b", 1, 1, 0, 1, true});
             upstream(a).healthy = 0;
             a.status->upstreams.push_back({"game/kcp/b", 1, 1, 0, 0, 1, true});
           },
           "False/AllProbesFailing: no peer of upstream a passes its probe"},
      });
}

TEST(RouteStatuses, PassOnWhatTheCompilerFound) {
  RouteReport report = SampleReport();
  report.resolved_refs = {ConditionStatus::kFalse, Reason::kServiceNotFound, "no Service x"};
  api::RouteStatus status = SampleStatus(report);
  EXPECT_EQ(ConditionText(status, "Accepted"), "True/Accepted");
  EXPECT_EQ(ConditionText(status, "ResolvedRefs"), "False/ServiceNotFound: no Service x");
  EXPECT_EQ(ConditionText(status, "Conflicted"), "");
  for (const api::Condition& condition : status.conditions)
    EXPECT_EQ(condition.observed_generation, 4) << condition.type;
  EXPECT_EQ(status.observed_generation, 4);
  EXPECT_EQ(status.controller_name, "stevedore/stevedore");

  report = SampleReport();
  report.accepted = {ConditionStatus::kFalse, Reason::kPortConflict, "taken"};
  report.resolved_refs = report.peers_available = {};
  report.listener.reset();
  report.upstreams.clear();
  status = SampleStatus(report);
  EXPECT_EQ(ConditionText(status, "Accepted"), "False/PortConflict: taken");
  EXPECT_EQ(ConditionText(status, "ResolvedRefs"), "Unknown/Pending");
  EXPECT_EQ(ConditionText(status, "PeersAvailable"), "Unknown/Pending");
  EXPECT_EQ(status.peer_summary, "0/0");
  EXPECT_EQ(status.port, 0);
  EXPECT_EQ(status.replicas_programmed, 0);
}

TEST(RouteStatuses, CountPeersAndReplicas) {
  RouteReport report = SampleReport();
  report.upstreams.push_back({"b", "game/kcp/b", 2, 1, 0, 0, false});
  ProxyAnswer answer = SampleAnswer();
  answer.status->upstreams[0].healthy = 1;
  answer.status->upstreams.push_back({"game/kcp/b", 2, 2, 2, 0, 1, true});
  const api::RouteStatus status = SampleStatus(report, answer);
  EXPECT_EQ(status.peer_summary, "3/5");
  const std::vector<api::UpstreamCounts> expected = {{"a", 3, 2, 1, 1, false},
                                                     {"b", 2, 1, {}, 0, true}};
  EXPECT_EQ(status.upstreams, expected);
  EXPECT_EQ(status.replicas_total, 1);
  EXPECT_EQ(status.replicas_programmed, 1);
  EXPECT_EQ(status.port, 2614);
  EXPECT_EQ(status.owner, "game/kcp");
  EXPECT_EQ(status.attached_routes, 1);
}

TEST(RouteStatuses, ForgetProbesOfAConfigThatDoesNotHoldTheRoute) {
  ProxyAnswer answer = SampleAnswer();
  Behind(answer);
  EXPECT_EQ(SampleStatus(SampleReport(), answer).upstreams[0].healthy, std::nullopt);
  Hold(answer);
  EXPECT_EQ(SampleStatus(SampleReport(), answer).upstreams[0].healthy, 2);
}

TEST(RouteStatuses, KeepTransitionTimesUnlessTheStatusChanges) {
  const api::RouteStatus former = SampleStatus(SampleReport(), SampleAnswer(), {}, kEarlier);
  RouteReport report = SampleReport();
  report.generation = 5;
  report.peers_available.message = "one peer is refused";
  ProxyAnswer answer = SampleAnswer();
  Unbind(answer);
  for (const api::Condition& condition : SampleStatus(report, answer, former).conditions) {
    EXPECT_EQ(condition.last_transition_time, condition.type == "Programmed" ? kNow : kEarlier)
        << condition.type;
    EXPECT_EQ(condition.observed_generation, 5) << condition.type;
  }
}

TEST(RouteStatuses, ConflictedComesAndGoes) {
  RouteReport report = SampleReport();
  report.conflicted = {ConditionStatus::kTrue, Reason::kRuleShadowed, "rule x"};
  const api::RouteStatus conflicted = SampleStatus(report);
  EXPECT_EQ(ConditionText(conflicted, "Conflicted"), "True/RuleShadowed: rule x");
  const api::RouteStatus after = SampleStatus(SampleReport(), SampleAnswer(), conflicted);
  EXPECT_EQ(ConditionText(after, "Conflicted"), "");
  EXPECT_EQ(after.conditions.size(), 4u);
}

TEST(RouteStatuses, LeaveConditionsOfOthersAlone) {
  api::RouteStatus former = SampleStatus();
  former.conditions.insert(former.conditions.begin(),
                           {"example.com/Audited", "True", 1, kEarlier, "Done", ""});
  const api::RouteStatus status = SampleStatus(SampleReport(), SampleAnswer(), former);
  EXPECT_EQ(ConditionText(status, "example.com/Audited"), "");
  EXPECT_FALSE(Differs(former, status));
}

TEST(Differs, LooksAtEverythingButTransitionTimes) {
  const api::RouteStatus a = SampleStatus();
  api::RouteStatus b = a;
  EXPECT_FALSE(Differs(a, b));
  for (api::Condition& condition : b.conditions) condition.last_transition_time = kEarlier;
  EXPECT_FALSE(Differs(a, b));
  b.conditions[0].message = "other";
  EXPECT_TRUE(Differs(a, b));
  b = a;
  b.upstreams[0].healthy.reset();
  EXPECT_TRUE(Differs(a, b));
  b = a;
  b.conditions.pop_back();
  EXPECT_TRUE(Differs(a, b));
}

}  // namespace
}  // namespace stevedore::publish
