#include "controller/publish/programmed.h"

#include <gtest/gtest.h>

#include <functional>

#include "tests/controller/publish/report_sample.h"

namespace stevedore::publish {
namespace {

using api::ConditionStatus;
using api::ProxyState;
using compile::RouteReport;

std::string Text(const ReplicaAnswers& answers, const RouteReport& report = SampleReport()) {
  const api::ConditionState state = Programmed(report, answers).condition;
  return std::string(ToString(state.status)) + "/" + std::string(ToString(state.reason)) +
         (state.message.empty() ? "" : ": " + state.message);
}

void Unbind(ReplicaAnswer& replica) { replica.report.unbound["game/2614"] = "bind: in use"; }
void Set(ReplicaAnswer& replica, ProxyState state, bool holds) {
  replica.report.proxy = state;
  if (!holds) replica.held.clear();
}

struct Case {
  const char* name;
  std::function<void(ReplicaAnswer&)> bend;
  const char* expected;
};

TEST(Programmed, OfOneReplica) {
  const std::vector<Case> cases = {
      {"runs and bound", [](auto&) {}, "True/Programmed"},
      {"not bound", [](auto& r) { Unbind(r); },
       "False/BindFailed: the proxy cannot listen: bind: in use"},
      {"another listener is not bound", [](auto& r) { r.report.unbound["game/1"] = "x"; },
       "True/Programmed"},
      {"more are not bound than it tells", [](auto& r) { r.report.listeners_cut = 1; },
       "Unknown/Pending: the proxy fails to bind more listeners than it can tell"},
      {"pending", [](auto& r) { Set(r, ProxyState::kPending, false); },
       "Unknown/Pending: waiting for the proxy"},
      {"pending, and held", [](auto& r) { Set(r, ProxyState::kPending, true); }, "True/Programmed"},
      {"pending, held, not bound",
       [](auto& r) {
         Set(r, ProxyState::kPending, true);
         Unbind(r);
       },
       "False/BindFailed: the proxy cannot listen: bind: in use"},
      {"late", [](auto& r) { Set(r, ProxyState::kLate, false); },
       "False/ProxyUnreachable: the proxy still runs another config"},
      {"late, and held", [](auto& r) { Set(r, ProxyState::kLate, true); }, "True/Programmed"},
      {"late without any config",
       [](auto& r) {
         Set(r, ProxyState::kLate, false);
         r.report.digest.clear();
       },
       "False/ProxyUnreachable: the proxy still runs no config"},
      {"rejected",
       [](auto& r) {
         Set(r, ProxyState::kRejected, false);
         r.report.refusal = "listeners[0].port: 0";
       },
       "False/ProxyRejected: the proxy refused the config: listeners[0].port: 0"},
      {"rejected without a word", [](auto& r) { Set(r, ProxyState::kRejected, false); },
       "False/ProxyRejected: the proxy refused the config"},
      {"rejected, but held by what runs", [](auto& r) { Set(r, ProxyState::kRejected, true); },
       "True/Programmed"},
      {"unwritten", [](auto& r) { Set(r, ProxyState::kUnwritten, false); },
       "Unknown/Pending: the config could not be written yet"},
      {"silent, whatever it held", [](auto& r) { Set(r, ProxyState::kSilent, true); },
       "False/ProxyUnreachable: the proxy gives no sign of life"},
      {"never heard of",
       [](auto& r) {
         Set(r, ProxyState::kSilent, false);
         r.report.digest.clear();
       },
       "False/ProxyUnreachable: the proxy has not answered yet"},
  };
  for (const Case& test : cases) {
    ReplicaAnswers answers = SampleAnswers();
    test.bend(answers.replicas[0]);
    EXPECT_EQ(Text(answers), test.expected) << test.name;
  }
}

TEST(Programmed, NothingIsWhereTheRouteIsNotAccepted) {
  RouteReport report = SampleReport();
  report.accepted.status = ConditionStatus::kFalse;
  EXPECT_EQ(Text(SampleAnswers(), report), "False/Invalid: the route is not accepted");
  EXPECT_EQ(Programmed(report, SampleAnswers()).programmed, 0);
}

class SeveralReplicas : public testing::Test {
 protected:
  ReplicaAnswer& own() { return answers_.replicas[0]; }
  ReplicaAnswer& b() { return answers_.replicas[1]; }
  ReplicaAnswer& c() { return answers_.replicas[2]; }

  ReplicaAnswers answers_{{SampleReplica("a", "n1"), SampleReplica("b", "n2"), SampleReplica("c")},
                          ""};
};

TEST_F(SeveralReplicas, AllHaveToRunIt) {
  EXPECT_EQ(Text(answers_), "True/Programmed");
  EXPECT_EQ(Programmed(SampleReport(), answers_).programmed, 3);
  Unbind(b());
  EXPECT_EQ(Text(answers_),
            "False/BindFailed: the proxy of pod b on node n2 cannot listen: bind: in use; "
            "programmed on 2 of 3 replicas");
  EXPECT_EQ(Programmed(SampleReport(), answers_).programmed, 2);
  Set(own(), ProxyState::kSilent, true);
  EXPECT_EQ(Text(answers_),
            "False/BindFailed: the proxy of pod b on node n2 cannot listen: bind: in use; "
            "programmed on 1 of 3 replicas")
      << "the gravest is told";
}

TEST_F(SeveralReplicas, TellEachWithTheSameTrouble) {
  Set(own(), ProxyState::kSilent, true);
  Set(c(), ProxyState::kLate, false);
  EXPECT_EQ(Text(answers_),
            "False/ProxyUnreachable: the proxy of pod a on node n1 gives no sign of life; the "
            "proxy of pod c still runs another config; programmed on 1 of 3 replicas");
  for (const char* const pod : {"d", "e"}) {
    answers_.replicas.push_back(SampleReplica(pod));
    Set(answers_.replicas.back(), ProxyState::kLate, false);
  }
  EXPECT_NE(Text(answers_).find("pod d still runs another config; 1 more like these; programmed "
                                "on 1 of 5 replicas"),
            std::string::npos)
      << Text(answers_);
}

TEST_F(SeveralReplicas, AreWaitedFor) {
  Set(c(), ProxyState::kPending, false);
  EXPECT_EQ(Text(answers_),
            "Unknown/Pending: waiting for the proxy of pod c; programmed on 2 of 3 replicas");
  Set(b(), ProxyState::kUnwritten, false);
  EXPECT_EQ(Text(answers_),
            "Unknown/Pending: the config of pod b could not be written yet; waiting for the proxy "
            "of pod c; programmed on 1 of 3 replicas");
  Set(b(), ProxyState::kRejected, false);
  EXPECT_EQ(Text(answers_),
            "False/ProxyRejected: the proxy of pod b on node n2 refused the config; programmed on "
            "1 of 3 replicas");
}

TEST_F(SeveralReplicas, ThatAreNotKnownAreNotVouchedFor) {
  answers_.replicas.resize(1);
  answers_.unknown = "HTTP 403: no";
  EXPECT_EQ(Text(answers_), "Unknown/Pending: the other replicas are not known: HTTP 403: no");
  Unbind(own());
  EXPECT_EQ(Text(answers_),
            "False/BindFailed: the proxy of pod a on node n1 cannot listen: bind: in use");
}

}  // namespace
}  // namespace stevedore::publish
