#include "controller/publish/ack_tracker.h"

#include <algorithm>
#include <utility>

namespace stevedore::publish {
namespace {

using api::ProxyState;

// Configs that the proxy may still come to run; one that it skipped costs nothing but a wait.
constexpr std::size_t kMaxHistory = 16;

}  // namespace

void AckTracker::Compiled(std::shared_ptr<const RouteSet> routes) {
  routes_ = std::move(routes);
  digest_.clear();
}

void AckTracker::Wrote(const std::string& digest) {
  digest_ = digest;
  std::erase_if(history_, [&](const Written& written) { return written.digest == digest; });
  history_.push_back({digest, routes_});
  if (history_.size() > kMaxHistory) history_.erase(history_.begin() + 1);
}

ReplicaAnswer AckTracker::Answer(const Ack& ack, Nanos now) {
  const std::string running = ack.status ? ack.status->digest : "";
  if (!digest_.empty() && running == digest_) {
    waiting_since_.reset();
  } else if (!waiting_since_ || running != running_) {
    waiting_since_ = now;  // also when it runs another one than before: it is alive, and behind
  }
  running_ = running;
  overdue_ = waiting_since_ && now - *waiting_since_ > kPatience;
  silent_ = Silent(ack, now);
  const auto found = std::find_if(history_.begin(), history_.end(), [&](const Written& written) {
    return written.digest == running;
  });
  if (found != history_.end()) history_.erase(history_.begin(), found);

  ReplicaAnswer answer;
  answer.report.pod = self_.pod;
  answer.report.node = self_.node;
  answer.report.proxy = StateOf(ack);
  if (!history_.empty() && history_.front().digest == running) {
    const RouteSet& running_set = *history_.front().routes;
    answer.report.routes = running_set.digest;
    answer.report.picture = running_set.picture;
    answer.report.refused = running_set.refused;
    answer.held = HeldIn(running_set, *routes_);
  }
  if (!ack.status) return answer;
  answer.report.digest = running;
  if (answer.report.proxy == ProxyState::kRejected && !ack.status->last_attempt.errors.empty())
    answer.report.refusal = ToString(ack.status->last_attempt.errors.front());
  for (const config::ListenerStatus& listener : ack.status->listeners)
    if (!listener.bound) answer.report.unbound[listener.name] = listener.error;
  for (const config::UpstreamStatus& upstream : ack.status->upstreams)
    answer.report.upstreams[upstream.name] = upstream;
  return answer;
}

ProxyState AckTracker::StateOf(const Ack& ack) const {
  if (silent_) return ProxyState::kSilent;
  if (digest_.empty()) return ProxyState::kUnwritten;
  if (!ack.status) return overdue_ ? ProxyState::kSilent : ProxyState::kPending;
  if (ack.status->digest == digest_) return ProxyState::kRuns;
  const config::AttemptStatus& attempt = ack.status->last_attempt;
  if (attempt.digest == digest_ && !attempt.applied) return ProxyState::kRejected;
  return overdue_ ? ProxyState::kLate : ProxyState::kPending;
}

bool AckTracker::Silent(const Ack& ack, Nanos now) {
  return ack.status && now - ack.changed_at > kSilence;
}

bool AckTracker::Due(const Ack& ack, Nanos now) const {
  return Silent(ack, now) != silent_ || (waiting_since_ && !overdue_);
}

}  // namespace stevedore::publish
