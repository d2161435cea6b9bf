#include "controller/publish/ack_tracker.h"

#include <algorithm>
#include <utility>

namespace stevedore::publish {
namespace {

// Configs that the proxy may still come to run; one that it skipped costs nothing but a wait.
constexpr std::size_t kMaxHistory = 16;

}  // namespace

void AckTracker::Compiled(Routes routes) {
  routes_ = std::move(routes);
  digest_.clear();
}

void AckTracker::Wrote(const std::string& digest) {
  digest_ = digest;
  std::erase_if(history_, [&](const Written& written) { return written.digest == digest; });
  history_.push_back({digest, routes_});
  if (history_.size() > kMaxHistory) history_.erase(history_.begin() + 1);
}

ProxyAnswer AckTracker::Answer(std::optional<config::ProxyStatus> status, Nanos now) {
  const std::string running = status ? status->digest : "";
  if (!digest_.empty() && running == digest_) {
    waiting_since_.reset();
  } else if (!waiting_since_ || running != running_) {
    waiting_since_ = now;  // also when it runs another one than before: it is alive, and behind
  }
  running_ = running;
  overdue_ = waiting_since_ && now - *waiting_since_ > kPatience;
  const auto found = std::find_if(history_.begin(), history_.end(), [&](const Written& written) {
    return written.digest == running;
  });
  if (found != history_.end()) history_.erase(history_.begin(), found);
  return {digest_, std::move(status), overdue_, HeldBy(running)};
}

std::set<kube::Key> AckTracker::HeldBy(const std::string& digest) const {
  std::set<kube::Key> held;
  if (history_.empty() || history_.front().digest != digest) return held;
  const Routes& running = history_.front().routes;
  for (const auto& [key, route] : routes_) {
    const auto found = running.find(key);
    if (found != running.end() && (found->second == route || found->second->spec == route->spec))
      held.insert(key);
  }
  return held;
}

}  // namespace stevedore::publish
