// ReplicaLease: our own Lease, by which the other replicas know that we live and how our proxy is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "controller/api/lease.h"
#include "controller/api/replica_report.h"
#include "controller/publish/lease_client.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Leases of one class carry this label with the class as value, and this annotation.
inline constexpr const char* kReplicaLabel = "stevedore.io/replica";
inline constexpr const char* kReportAnnotation = "stevedore.io/report";

struct ReplicaIdentity {
  std::string ns;       // where the Leases are
  std::string pod;      // never empty
  std::string pod_uid;  // empty: the Lease belongs to nobody, and outlives a kill
  std::string node;
  std::string class_name;
  std::string LeaseName() const { return "stevedore-" + pod; }
};

// Thread: owns one; Tell() on any, Start() and Stop() on one owner's. Step() is for that thread,
// and for tests. Lifetime: transport and clock outlive it.
class ReplicaLease {
 public:
  static constexpr std::chrono::seconds kRenewal{10};
  static constexpr std::chrono::seconds kExpiry{
      30};  // after so long without a change we count as gone
  static constexpr std::chrono::seconds kMinInterval{1};  // between two changes
  static constexpr std::chrono::seconds kRetry{2};

  ReplicaLease(kube::Transport& transport, const Clock& clock, ReplicaIdentity who);
  ~ReplicaLease() { Stop(); }
  ReplicaLease(const ReplicaLease&) = delete;
  ReplicaLease& operator=(const ReplicaLease&) = delete;

  void Start();
  // Ends the renewals and deletes the Lease: whoever ends cleanly is not missed.
  void Stop();

  // The report from now on. There is no Lease before the first.
  void Tell(const api::ReplicaReport& report);
  // Writes what is due; says how long there is nothing to do.
  Nanos Step(const std::stop_token& stop);

 private:
  void Run(const std::stop_token& stop);
  Result<> Write(const std::string& report, const std::stop_token& stop);
  Result<api::Lease> Put(const std::string& report, const std::stop_token& stop);

  const ReplicaIdentity who_;
  const kube::Key key_;
  kube::Transport& transport_;
  LeaseClient client_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any told_;
  std::optional<std::string> report_;
  std::optional<std::string> stepped_;  // of which the last Step() knew
  std::string written_;
  std::optional<Nanos> written_at_;
  Nanos retry_at_{0};
  std::string told_error_;
  std::optional<api::Lease> lease_;  // as the server has it; nothing: it has to be read
  std::jthread thread_;
};

}  // namespace stevedore::publish
