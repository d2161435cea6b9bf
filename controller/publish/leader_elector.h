// LeaderElector: a LeaderElection on a thread of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "controller/publish/leader_election.h"
#include "controller/publish/lease_client.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

struct LeaderOptions {
  kube::Key lease;
  std::string identity;
  LeaderTiming timing{};
};

// Thread: Start and Stop on one owner's, MayWrite() on any. Lifetime: transport and clock outlive
// it. The clock must go on while the process is stopped, as CLOCK_MONOTONIC does.
class LeaderElector {
 public:
  // `random` gives numbers in [0,1).
  LeaderElector(kube::Transport& transport, const Clock& clock, LeaderOptions options,
                std::function<double()> random);
  ~LeaderElector() { Stop(); }
  LeaderElector(const LeaderElector&) = delete;
  LeaderElector& operator=(const LeaderElector&) = delete;

  // `changed` is called on the elector's thread when this replica became the leader, or found that
  // it no longer is. REQUIRES: called once.
  void Start(std::function<void()> changed);
  // Ends the thread and gives the Lease up, within a few seconds. REQUIRES: nobody who asked
  // MayWrite() is still writing. May be called again.
  void Stop();

  // Holder, and less than the renew deadline since the last renewal was sent. A Fence.
  bool MayWrite() const noexcept;

 private:
  void Run(const std::stop_token& stop);
  Result<> Attempt(const std::stop_token& stop);
  void StoreState();
  void Release();
  void TellState();
  void TellError(const Result<>& done);

  const Clock& clock_;
  const LeaderOptions options_;
  const std::function<double()> random_;
  std::function<void()> changed_;
  LeaseClient client_;
  LeaseClient last_client_;  // for the release: the end does not wait long
  LeaderElection election_;
  std::atomic<Nanos::rep> writes_until_{0};
  bool leading_ = false;     // as told
  std::string told_holder_;  // another replica
  std::string told_error_;   // empty while all is well
  std::jthread thread_;
};

}  // namespace stevedore::publish
