#include "controller/publish/replica_lease.h"

#include <algorithm>
#include <utility>

#include "proxy/base/log.h"
#include "proxy/base/timestamp.h"

namespace stevedore::publish {
namespace {

constexpr std::chrono::milliseconds kTimeout{5000};
// An end does not wait for an API server.
constexpr std::chrono::milliseconds kDeleteTimeout{1000};

}  // namespace

ReplicaLease::ReplicaLease(kube::Transport& transport, const Clock& clock, ReplicaIdentity who)
    : who_(std::move(who)),
      key_{who_.ns, who_.LeaseName()},
      transport_(transport),
      client_(transport, kTimeout),
      clock_(clock) {}

void ReplicaLease::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void ReplicaLease::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  {
    const std::lock_guard lock(mutex_);
    if (!report_) return;
  }
  const auto deleted = LeaseClient(transport_, kDeleteTimeout).Delete(key_);
  if (!deleted && deleted.error().code != Errc::kNotFound)
    spdlog::warn("Could not delete own Lease lease={} error=\"{}\"", key_.ToString(),
                 deleted.error().detail);
}

void ReplicaLease::Tell(const api::ReplicaReport& report) {
  std::string text = api::EncodeReport(report);
  const std::lock_guard lock(mutex_);
  if (report_ == text) return;
  report_ = std::move(text);
  told_.notify_all();
}

void ReplicaLease::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Nanos delay = Step(stop);
    std::unique_lock lock(mutex_);
    told_.wait_for(lock, stop, delay, [this] { return report_ != stepped_; });
  }
}

Nanos ReplicaLease::Step(const std::stop_token& stop) {
  std::string report;
  {
    const std::lock_guard lock(mutex_);
    stepped_ = report_;
    if (!report_) return kRenewal;
    report = *report_;
  }
  const Nanos now = clock_.Now();
  Nanos due = retry_at_;
  if (written_at_)
    due = std::max(due, *written_at_ + (report == written_ ? kRenewal : kMinInterval));
  if (now < due) return due - now;
  const auto done = Write(report, stop);
  if (!done) {
    lease_.reset();  // whether it was written or not, only the server knows
    retry_at_ = clock_.Now() + kRetry;
    if (done.error().detail != told_error_)
      spdlog::warn("Could not renew own Lease, will retry lease={} error=\"{}\"", key_.ToString(),
                   done.error().detail);
    told_error_ = done.error().detail;
    return kRetry;
  }
  if (!told_error_.empty()) spdlog::info("Renewed own Lease again lease={}", key_.ToString());
  told_error_.clear();
  written_ = std::move(report);
  written_at_ = clock_.Now();
  return kMinInterval;
}

// Twice, since it may have been changed or removed by somebody since it was last seen.
Result<> ReplicaLease::Write(const std::string& report, const std::stop_token& stop) {
  Result<api::Lease> written = Put(report, stop);
  const bool stale = !written && (written.error().code == Errc::kConflict ||
                                  written.error().code == Errc::kNotFound);
  if (stale) {
    lease_.reset();
    written = Put(report, stop);
  }
  if (!written) return written.error();
  lease_ = std::move(*written);
  return Ok();
}

Result<api::Lease> ReplicaLease::Put(const std::string& report, const std::stop_token& stop) {
  if (!lease_) {
    auto found = client_.Get(key_, stop);
    if (found) {
      lease_ = std::move(*found);
    } else if (found.error().code != Errc::kNotFound) {
      return found.error();
    }
  }
  api::Lease lease = lease_.value_or(api::Lease());
  const std::string now = MicroTimestampNow();
  if (!lease_) {
    lease.key = key_;
    lease.acquire_time = now;
  }
  lease.holder = who_.pod;
  lease.duration_seconds = kExpiry.count();
  lease.renew_time = now;
  lease.labels[kReplicaLabel] = who_.class_name;
  lease.annotations[kReportAnnotation] = report;
  if (!who_.pod_uid.empty()) lease.owner = api::PodOwner{who_.pod, who_.pod_uid};
  return lease_ ? client_.Update(lease, stop) : client_.Create(lease, stop);
}

}  // namespace stevedore::publish
