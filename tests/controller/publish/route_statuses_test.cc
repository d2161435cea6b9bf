#include "controller/publish/route_statuses.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/controller/publish/report_sample.h"

namespace stevedore::publish {
namespace {

using api::ConditionStatus;
using api::Reason;
using compile::RouteReport;

// Bends a report and answers of which all is well, and expects one condition.
struct Case {
  const char* name;
  std::function<void(RouteReport&, ReplicaAnswers&)> bend;
  const char* expected;
};

void Check(const std::string& type, const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    RouteReport report = SampleReport();
    ReplicaAnswers answers = SampleAnswers();
    test.bend(report, answers);
    EXPECT_EQ(ConditionText(SampleStatus(report, answers), type), test.expected) << test.name;
  }
}

// Its proxy runs a config that does not hold the route as it is.
void Behind(ReplicaAnswers& answers) { answers.replicas[0].held.clear(); }
void Unbind(ReplicaAnswers& answers) {
  answers.replicas[0].report.unbound["game/2614"] = "address in use";
}
config::UpstreamStatus& Upstream(ReplicaAnswers& answers, std::size_t replica = 0) {
  return answers.replicas[replica].report.upstreams["game/kcp/a"];
}
void AddReplica(ReplicaAnswers& answers) { answers.replicas.push_back(SampleReplica("b", "n2")); }

TEST(RouteStatuses, TellProgrammed) {
  Check("Programmed", {{"all is well", [](auto&, auto&) {}, "True/Programmed"},
                       {"not bound", [](auto&, auto& a) { Unbind(a); },
                        "False/BindFailed: the proxy cannot listen: address in use"}});
}

TEST(RouteStatuses, TellPeersAvailable) {
  Check(
      "PeersAvailable",
      {
          {"ready", [](auto&, auto&) {}, "True/PeersReady"},
          {"no ready peer",
           [](auto& r, auto&) {
             r.peers_available = {ConditionStatus::kFalse, Reason::kNoPeers, "upstream a has none"};
           },
           "False/NoPeers: upstream a has none"},
          {"probes fail", [](auto&, auto& a) { Upstream(a).healthy = 0; },
           "False/AllProbesFailing: no peer of upstream a passes its probe"},
          {"probes fail, backup serves",
           [](auto&, auto& a) {
             Upstream(a).healthy = 0;
             Upstream(a).backup_active = true;
           },
           "False/UsingBackup: upstream a uses its backup peers"},
          {"no peers: the proxy has nothing to add",
           [](auto&, auto& a) { Upstream(a).total = Upstream(a).healthy = 0; }, "True/PeersReady"},
          {"probes of a config that does not hold the route",
           [](auto&, auto& a) {
             Upstream(a).healthy = 0;
             Behind(a);
           },
           "True/PeersReady"},
          {"probes of a proxy that fell silent",
           [](auto&, auto& a) {
             Upstream(a).healthy = 0;
             a.replicas[0].report.proxy = api::ProxyState::kSilent;
           },
           "True/PeersReady"},
          {"one of two upstreams fails, the other uses its backup",
           [](auto& r, auto& a) {
             r.upstreams.push_back({"b", "game/kcp/b", 1, 1, 0, 1, true});
             Upstream(a).healthy = 0;
             a.replicas[0].report.upstreams["game/kcp/b"] = {"game/kcp/b", 1, 1, 0, 0, 1, true};
           },
           "False/AllProbesFailing: no peer of upstream a passes its probe"},
          {"another replica sees none",
           [](auto&, auto& a) {
             AddReplica(a);
             Upstream(a, 1).healthy = 0;
           },
           "False/AllProbesFailing: no peer of upstream a passes its probe, says the proxy of "
           "pod b on node n2"},
          {"another replica uses the backup",
           [](auto&, auto& a) {
             AddReplica(a);
             Upstream(a, 1).backup_active = true;
           },
           "False/UsingBackup: upstream a uses its backup peers, says the proxy of pod b on node "
           "n2"},
      });
}

TEST(RouteStatuses, CountOverAllReplicas) {
  ReplicaAnswers answers = SampleAnswers();
  AddReplica(answers);
  Upstream(answers, 1).healthy = 1;
  Upstream(answers, 1).backup_active = true;
  api::RouteStatus status = SampleStatus(SampleReport(), answers);
  EXPECT_EQ(status.replicas_total, 2);
  EXPECT_EQ(status.replicas_programmed, 2);
  EXPECT_EQ(status.upstreams[0].healthy, 1) << "the least";
  EXPECT_TRUE(status.upstreams[0].using_backup);
  // A replica that has nothing to tell has nothing to complain of.
  answers.replicas[1].report.upstreams.clear();
  status = SampleStatus(SampleReport(), answers);
  EXPECT_EQ(status.upstreams[0].healthy, 2);
  EXPECT_FALSE(status.upstreams[0].using_backup);
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
  ReplicaAnswers answers = SampleAnswers();
  Upstream(answers).healthy = 1;
  answers.replicas[0].report.upstreams["game/kcp/b"] = {"game/kcp/b", 2, 2, 2, 0, 1, true};
  const api::RouteStatus status = SampleStatus(report, answers);
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
  ReplicaAnswers answers = SampleAnswers();
  EXPECT_EQ(SampleStatus(SampleReport(), answers).upstreams[0].healthy, 2);
  Behind(answers);
  EXPECT_EQ(SampleStatus(SampleReport(), answers).upstreams[0].healthy, std::nullopt);
}

TEST(RouteStatuses, KeepTransitionTimesUnlessTheStatusChanges) {
  const api::RouteStatus former = SampleStatus(SampleReport(), SampleAnswers(), {}, kEarlier);
  RouteReport report = SampleReport();
  report.generation = 5;
  report.peers_available.message = "one peer is refused";
  ReplicaAnswers answers = SampleAnswers();
  Unbind(answers);
  for (const api::Condition& condition : SampleStatus(report, answers, former).conditions) {
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
  const api::RouteStatus after = SampleStatus(SampleReport(), SampleAnswers(), conflicted);
  EXPECT_EQ(ConditionText(after, "Conflicted"), "");
  EXPECT_EQ(after.conditions.size(), 4u);
}

TEST(RouteStatuses, LeaveConditionsOfOthersAlone) {
  api::RouteStatus former = SampleStatus();
  former.conditions.insert(former.conditions.begin(),
                           {"example.com/Audited", "True", 1, kEarlier, "Done", ""});
  const api::RouteStatus status = SampleStatus(SampleReport(), SampleAnswers(), former);
  EXPECT_EQ(ConditionText(status, "example.com/Audited"), "");
  EXPECT_FALSE(Differs(former, status));
}

// A Service that lists none of the ports.
class NoPorts final : public PortPublisher {
 public:
  const kube::Key& service() const override { return service_; }
  bool Publish(const std::set<std::int64_t>&, const std::shared_ptr<const api::Service>&) override {
    return false;
  }
  std::string ProblemOf(std::int64_t port) const override {
    return "port " + std::to_string(port) + " is missing";
  }

 private:
  const kube::Key service_{"edge", "udp"};
};

TEST(RouteStatuses, TellWhereClientsReachThem) {
  RouteReport report = SampleReport();
  report.listener->addresses = {{"IPAddress", "203.0.113.7", 2614, 30614}};
  EXPECT_EQ(SampleStatus(report).addresses, report.listener->addresses);
}

TEST(RouteStatuses, TellWhatKeepsClientsFromAPort) {
  const NoPorts ports;
  const auto programmed = [&](const RouteReport& report, const ReplicaAnswers& answers) {
    const StatusContext context{"stevedore/stevedore", kNow, &ports};
    return ConditionText(MakeStatus(report, answers, {}, context), "Programmed");
  };
  RouteReport report = SampleReport();
  EXPECT_EQ(programmed(report, SampleAnswers()), "True/Programmed: port 2614 is missing");
  ReplicaAnswers unbound = SampleAnswers();
  Unbind(unbound);
  const std::string both = programmed(report, unbound);
  EXPECT_TRUE(both.starts_with("False/BindFailed: ")) << both;
  EXPECT_TRUE(both.ends_with("; port 2614 is missing")) << both;
  report.listener->all_addresses = false;
  EXPECT_EQ(programmed(report, SampleAnswers()), "True/Programmed");
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
