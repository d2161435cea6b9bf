#include "controller/compile/report_text.h"

#include <algorithm>

namespace stevedore::compile {
namespace {

using api::ConditionState;
using api::ConditionStatus;
using api::ConditionType;

std::string Prefix(const std::string& origin, const std::string& object) {
  return (origin.empty() ? "" : origin + ": ") + object + ": ";
}

std::string ConditionText(ConditionType type, const ConditionState& state) {
  std::string text(ToString(type));
  text.append("=").append(ToString(state.status));
  text.append("/").append(ToString(state.reason));
  return state.message.empty() ? text : text + ": " + state.message;
}

}  // namespace

std::vector<std::string> ProblemLines(const RouteReport& report) {
  std::vector<std::string> lines;
  const std::string prefix = Prefix(report.origin, report.key.ToString());
  for (const config::FieldError& error : report.field_errors)
    lines.push_back(prefix + ToString(error));
  if (report.accepted.status == ConditionStatus::kFalse && report.field_errors.empty())
    lines.push_back(prefix + ConditionText(ConditionType::kAccepted, report.accepted));
  if (report.resolved_refs.status == ConditionStatus::kFalse)
    lines.push_back(prefix + ConditionText(ConditionType::kResolvedRefs, report.resolved_refs));
  // A True condition with a message tells of single peers that were left out.
  if (!report.peers_available.message.empty())
    lines.push_back(prefix + ConditionText(ConditionType::kPeersAvailable, report.peers_available));
  if (report.conflicted)
    lines.push_back(prefix + ConditionText(ConditionType::kConflicted, *report.conflicted));
  return lines;
}

std::string ProblemLine(const ObjectProblem& problem) {
  return Prefix(problem.origin, problem.object) + ToString(problem.error);
}

std::vector<std::string> ProblemLines(const CompileOutput& output) {
  std::vector<std::string> lines;
  for (const ObjectProblem& problem : output.problems) lines.push_back(ProblemLine(problem));
  for (const RouteReport& report : output.reports)
    for (std::string& line : ProblemLines(report)) lines.push_back(std::move(line));
  return lines;
}

bool HasErrors(const CompileOutput& output) {
  return !output.problems.empty() ||
         std::any_of(output.reports.begin(), output.reports.end(), [](const RouteReport& report) {
           return !report.is_accepted() || report.resolved_refs.status == ConditionStatus::kFalse;
         });
}

}  // namespace stevedore::compile
