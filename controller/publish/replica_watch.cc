#include "controller/publish/replica_watch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/api/lease.h"
#include "controller/publish/replica_lease.h"
#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

// Our own renewals alone are heard more often than this; a longer silence is ours.
constexpr std::chrono::seconds kDeaf{12};

}  // namespace

ReplicaWatch::ReplicaWatch(const Clock& clock, std::string own, std::function<void()> changed)
    : clock_(clock),
      own_(std::move(own)),
      changed_(std::move(changed)),
      started_at_(clock.Now()),
      heard_at_(started_at_) {}

void ReplicaWatch::Hear() {
  heard_ = Heard();
  heard_at_ = clock_.Now();
}

Nanos ReplicaWatch::Heard() const {
  return heard_ + std::min<Nanos>(clock_.Now() - heard_at_, kDeaf);
}

bool ReplicaWatch::Take(const kube::RawObject& object) {
  const auto lease = api::DecodeLease(object.json);
  if (!lease || lease->key.name == own_ || lease->holder.empty()) return false;
  if (!lease->labels.contains(kReplicaLabel)) return false;
  Seen& seen = seen_[lease->key.name];
  if (!lease->resource_version.empty() && seen.version == lease->resource_version) return false;
  seen.version = lease->resource_version;
  seen.changed_at = heard_;
  const auto text = lease->annotations.find(kReportAnnotation);
  auto report = api::DecodeReport(text == lease->annotations.end() ? "" : text->second);
  if (!report) {
    spdlog::warn("Could not read the report of a replica lease={} error=\"{}\"",
                 object.key.ToString(), report.error().detail);
    report = api::ReplicaReport();
  }
  report->pod = lease->holder;
  const bool is_news = !seen.alive || seen.report != *report;
  seen.report = std::move(*report);
  news_ = news_ || is_news;
  return is_news;
}

bool ReplicaWatch::Forget(const std::string& name) {
  const auto found = seen_.find(name);
  if (found == seen_.end()) return false;
  spdlog::info("Replica ended pod={} node={}", found->second.report.pod, found->second.report.node);
  seen_.erase(found);
  news_ = true;
  return true;
}

void ReplicaWatch::Replace(std::vector<kube::RawObject> objects) {
  {
    const std::lock_guard lock(mutex_);
    Hear();
    std::set<std::string> present;
    for (const kube::RawObject& object : objects) {
      present.insert(object.key.name);
      Take(object);
    }
    std::vector<std::string> gone;
    for (const auto& [name, seen] : seen_)
      if (!present.contains(name)) gone.push_back(name);
    for (const std::string& name : gone) Forget(name);
  }
  changed_();
}

void ReplicaWatch::Apply(kube::RawObject object) {
  {
    const std::lock_guard lock(mutex_);
    Hear();
    if (!Take(object)) return;
  }
  changed_();
}

void ReplicaWatch::Delete(const kube::Key& key) {
  {
    const std::lock_guard lock(mutex_);
    Hear();
    if (!Forget(key.name)) return;
  }
  changed_();
}

void ReplicaWatch::StateChanged(const kube::ReflectorState& state) {
  {
    const std::lock_guard lock(mutex_);
    if (state.error != state_.error && !state.error.empty())
      spdlog::warn("Watch of replicas failed, will retry error=\"{}\"", state.error);
    state_ = state;
    news_ = true;
  }
  changed_();
}

std::shared_ptr<const OtherReplicas> ReplicaWatch::Others() {
  const std::lock_guard lock(mutex_);
  const Nanos now = Heard();
  for (auto& [name, seen] : seen_) {
    const bool alive = now - seen.changed_at <= ReplicaLease::kExpiry;
    if (alive == seen.alive) continue;
    if (alive)
      spdlog::info("Replica counts pod={} node={}", seen.report.pod, seen.report.node);
    else
      spdlog::warn("Replica counts no more pod={} node={}", seen.report.pod, seen.report.node);
    seen.alive = alive;
    news_ = true;
  }
  const bool settling = !state_.synced && clock_.Now() - started_at_ < kSettling;
  if (latest_ && !news_ && settling == latest_->settling) return latest_;
  news_ = false;
  auto others = std::make_shared<OtherReplicas>();
  others->settling = settling;
  if (!state_.synced)
    others->unknown = state_.error.empty() ? "their Leases are not listed yet" : state_.error;
  for (const auto& [name, seen] : seen_)
    if (seen.alive) others->live.push_back(seen.report);
  std::sort(others->live.begin(), others->live.end(),
            [](const auto& a, const auto& b) { return a.pod < b.pod; });
  latest_ = std::move(others);
  return latest_;
}

}  // namespace stevedore::publish
