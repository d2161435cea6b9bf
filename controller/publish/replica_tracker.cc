#include "controller/publish/replica_tracker.h"

#include <algorithm>
#include <set>
#include <utility>

namespace stevedore::publish {
namespace {

using api::ProxyState;

constexpr std::size_t kMaxHistory = 16;

}  // namespace

void ReplicaTracker::Compiled(std::shared_ptr<const RouteSet> routes) {
  std::erase_if(history_, [&](const auto& set) { return set->digest == routes->digest; });
  history_.push_back(std::move(routes));
  if (history_.size() > kMaxHistory) history_.pop_front();
}

// By what it accepts, else by what it saw: then the report tells what of that it refused.
std::shared_ptr<const RouteSet> ReplicaTracker::Find(const api::ReplicaReport& report) const {
  const auto newest = [this](auto matches) -> std::shared_ptr<const RouteSet> {
    const auto found = std::find_if(history_.rbegin(), history_.rend(), matches);
    return found == history_.rend() ? nullptr : *found;
  };
  auto found = newest([&](const auto& set) { return set->digest == report.routes; });
  if (found || report.refused_cut > 0) return found;
  return newest([&](const auto& set) { return set->picture == report.picture; });
}

std::vector<ReplicaAnswer> ReplicaTracker::Answers(const std::vector<api::ReplicaReport>& reports,
                                                   Nanos now) {
  std::vector<ReplicaAnswer> answers;
  std::set<std::string> present;
  for (const api::ReplicaReport& report : reports) {
    present.insert(report.pod);
    answers.push_back(Answer(report, replicas_[report.pod], now));
  }
  std::erase_if(replicas_, [&](const auto& entry) { return !present.contains(entry.first); });
  return answers;
}

ReplicaAnswer ReplicaTracker::Answer(const api::ReplicaReport& report, Replica& replica,
                                     Nanos now) const {
  const RouteSet& ours = *history_.back();
  auto found = Find(report);
  if (found == history_.back()) {
    replica.waiting_since.reset();
  } else if (!replica.waiting_since || report.routes != replica.routes) {
    replica.waiting_since = now;
  }
  replica.routes = report.routes;
  replica.late = replica.waiting_since && now - *replica.waiting_since > kPatience;
  if (found) {
    replica.recognized = std::move(found);
    replica.refused = {report.refused.begin(), report.refused.end()};
  } else if (replica.late) {
    replica.recognized.reset();
  }
  ReplicaAnswer answer{report, {}};
  if (replica.recognized) answer.held = HeldIn(*replica.recognized, ours);
  std::erase_if(answer.held,
                [&](const kube::Key& key) { return replica.refused.contains(key.ToString()); });
  const bool content = report.proxy == ProxyState::kRuns || report.proxy == ProxyState::kPending;
  if (replica.late && content) answer.report.proxy = ProxyState::kLate;
  return answer;
}

bool ReplicaTracker::waiting() const {
  return std::any_of(replicas_.begin(), replicas_.end(), [](const auto& entry) {
    return entry.second.waiting_since && !entry.second.late;
  });
}

}  // namespace stevedore::publish
