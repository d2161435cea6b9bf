#include "controller/publish/leader_election.h"

#include <algorithm>
#include <random>
#include <tuple>
#include <utility>

namespace stevedore::publish {
namespace {

// A duration that somebody wrote is believed up to here.
constexpr std::int64_t kMaxSeconds = 3600;

// Only what the election itself writes: a new label is no sign of life.
auto Record(const api::Lease& lease) {
  return std::tie(lease.holder, lease.duration_seconds, lease.acquire_time, lease.renew_time,
                  lease.transitions);
}

}  // namespace

LeaderElection::LeaderElection(kube::Key lease, std::string identity, LeaderTiming timing)
    : key_(std::move(lease)), identity_(std::move(identity)), timing_(timing) {
  observed_.key = key_;
}

void LeaderElection::Observe(const api::Lease& lease, Nanos now) {
  if (Record(lease) != Record(observed_)) changed_at_ = now;
  observed_ = lease;
  observed_.key = key_;
  uncertain_ = false;
}

void LeaderElection::Read(const Result<api::Lease>& answer, Nanos now) {
  if (answer) {
    Observe(*answer, now);
    held_ = held_ && observed_.holder == identity_;
  } else if (answer.error().code == Errc::kNotFound) {
    observed_ = {};
    observed_.key = key_;
    uncertain_ = false;
    held_ = false;
  } else {
    uncertain_ = true;
  }
}

Nanos LeaderElection::RunsOutAt() const noexcept {
  const std::int64_t told = std::min(observed_.duration_seconds, kMaxSeconds);
  return changed_at_ + (told > 0 ? Nanos(std::chrono::seconds(told)) : timing_.lease_duration);
}

std::optional<api::Lease> LeaderElection::Wanted(Nanos now, const std::string& wall) const {
  if (uncertain_) return {};
  const bool ours = observed_.holder == identity_;
  if (!ours && !observed_.holder.empty() && now < RunsOutAt()) return {};
  api::Lease lease = observed_;
  lease.holder = identity_;
  lease.duration_seconds =
      std::chrono::duration_cast<std::chrono::seconds>(timing_.lease_duration).count();
  lease.renew_time = wall;
  if (!ours) {
    lease.acquire_time = wall;
    if (!lease.resource_version.empty()) ++lease.transitions;
  }
  return lease;
}

void LeaderElection::Wrote(const Result<api::Lease>& answer, Nanos sent, Nanos now) {
  // After a failure it may be written or not, and a conflict says that somebody else was there.
  uncertain_ = true;
  if (!answer) return;
  Observe(*answer, now);
  held_ = observed_.holder == identity_;
  if (held_) renewed_at_ = sent;
}

Nanos LeaderElection::writes_until() const noexcept {
  return held_ ? renewed_at_ + timing_.renew_deadline : Nanos(0);
}

Nanos LeaderElection::Delay(Nanos now, double random) const noexcept {
  if (held_) return timing_.retry;
  const auto retry = static_cast<double>(timing_.retry.count());
  const Nanos wait(static_cast<Nanos::rep>(retry * (1 + 1.2 * random)));
  // A Lease that runs out before is looked at just then: no reason to let it rest longer.
  const Nanos left = RunsOutAt() - now;
  return left > Nanos(0) ? std::min(wait, left) : wait;
}

std::optional<api::Lease> LeaderElection::Released(const std::string& wall) const {
  if (needs_read()) return {};
  api::Lease lease = observed_;
  lease.holder.clear();
  lease.duration_seconds = 1;
  lease.acquire_time = wall;
  lease.renew_time = wall;
  return lease;
}

std::string NewLeaderIdentity(const std::string& pod) {
  std::random_device device;
  std::string text = pod + "_";
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : std::string_view("xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx"))
    text += c == 'x' ? kDigits[device() % 16] : c;
  return text;
}

}  // namespace stevedore::publish
