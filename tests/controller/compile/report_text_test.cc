#include "controller/compile/report_text.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

using api::ConditionStatus;
using api::Reason;

RouteReport Good() {
  RouteReport report;
  report.key = {"game", "kcp"};
  report.origin = "kcp.yaml";
  report.accepted = {ConditionStatus::kTrue, Reason::kAccepted, ""};
  report.resolved_refs = {ConditionStatus::kTrue, Reason::kResolvedRefs, ""};
  report.peers_available = {ConditionStatus::kTrue, Reason::kPeersReady, ""};
  return report;
}

TEST(ReportText, AGoodRouteHasNoLine) {
  CompileOutput output;
  output.reports = {Good()};
  EXPECT_TRUE(ProblemLines(output).empty());
  EXPECT_FALSE(HasErrors(output));
}

TEST(ReportText, OneLinePerField) {
  RouteReport report = Good();
  report.accepted = {ConditionStatus::kFalse, Reason::kInvalid, "spec.a: wrong (and 1 more)"};
  report.field_errors = {{"spec.a", "wrong"}, {"spec.b", "wrong too"}};
  EXPECT_EQ(ProblemLines(report),
            (std::vector<std::string>{"kcp.yaml: game/kcp: spec.a: wrong",
                                      "kcp.yaml: game/kcp: spec.b: wrong too"}));
}

TEST(ReportText, OneLinePerCondition) {
  RouteReport report = Good();
  report.origin = "";
  report.accepted = {ConditionStatus::kFalse, Reason::kPortConflict, "taken"};
  report.resolved_refs = {ConditionStatus::kUnknown, Reason::kPending, ""};
  report.conflicted = {ConditionStatus::kTrue, Reason::kPortOwnedByOtherNamespace, "theirs"};
  EXPECT_EQ(
      ProblemLines(report),
      (std::vector<std::string>{"game/kcp: Accepted=False/PortConflict: taken",
                                "game/kcp: Conflicted=True/PortOwnedByOtherNamespace: theirs"}));
}

TEST(ReportText, ErrorsAreWhatKeepsARouteFromWorking) {
  CompileOutput conflicted;
  conflicted.reports = {Good()};
  conflicted.reports[0].conflicted = {ConditionStatus::kTrue, Reason::kRuleShadowed, ""};
  EXPECT_FALSE(HasErrors(conflicted));
  CompileOutput unresolved;
  unresolved.reports = {Good()};
  unresolved.reports[0].resolved_refs.status = ConditionStatus::kFalse;
  EXPECT_TRUE(HasErrors(unresolved));
  CompileOutput refused;
  refused.reports = {Good()};
  refused.reports[0].accepted.status = ConditionStatus::kFalse;
  EXPECT_TRUE(HasErrors(refused));
  CompileOutput object;
  object.problems = {{"s.yaml", "Service game/s", {"spec.ports[0].port", "wrong"}}};
  EXPECT_TRUE(HasErrors(object));
  EXPECT_EQ(ProblemLines(object),
            std::vector<std::string>{"s.yaml: Service game/s: spec.ports[0].port: wrong"});
}

}  // namespace
}  // namespace stevedore::compile
