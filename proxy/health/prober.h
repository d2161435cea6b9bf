// Prober: the thread that probes all peers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/base/result.h"
#include "proxy/health/probe_engine.h"

namespace stevedore::health {

// One thread, one epoll, one socket per probed peer. Thread: Update() on one owner; stats() from
// any.
class Prober {
 public:
  // `on_change` is called on the prober's thread after PeerHealth.passing was written; it must be
  // quick and must not call back. Errors: no descriptors.
  static Result<std::unique_ptr<Prober>> Start(ProbeEngine::OnChange on_change);
  // Stops and joins.
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  // Replaces what is probed, see ProbeEngine::Apply(). Returns at once.
  void Update(std::vector<ProbeTarget> targets, const Ports& avoid);
  const ProbeStats& stats() const noexcept { return stats_; }

 private:
  struct Pending {
    std::vector<ProbeTarget> targets;
    Ports avoid;
  };
  Prober(net::EventLoop loop, ProbeEngine::OnChange on_change);
  void Run();
  void TakePending();
  std::chrono::milliseconds UntilNext() const;

  const MonotonicClock clock_;
  net::EventLoop loop_;
  ProbeStats stats_;
  ProbeEngine engine_;  // of the thread
  std::mutex mutex_;
  std::optional<Pending> pending_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace stevedore::health
