// SyncLoop: the one thread that turns news into a config and statuses: wait, view, compile, write,
// report. Level-driven: everything is computed anew from the latest view, compared, and skipped
// when equal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/compile/compiler.h"
#include "controller/publish/ack_tracker.h"
#include "controller/publish/config_writer.h"
#include "controller/publish/status_sink.h"
#include "controller/store/store.h"
#include "proxy/base/clock.h"

namespace stevedore {

// Numbers of the loop, for metrics. Copied whole under a lock.
struct SyncNumbers {
  std::uint64_t syncs = 0;        // whose config is in the file
  std::uint64_t sync_errors = 0;  // whose config could not be written
  double sync_seconds = 0;        // sum over both
  std::uint64_t config_writes = 0;
  std::uint64_t config_write_errors = 0;
  double config_written_at = 0;  // Unix time; 0 = never
  std::uint64_t config_bytes = 0;
  // Routes by condition and status: {"Accepted", "True"} -> 3.
  std::map<std::pair<std::string, std::string>, int> routes;
};

struct SyncParts {
  store::Store& store;
  publish::ConfigWriter& writer;
  publish::StatusSink& sink;
  // The proxy's last answer.
  std::function<std::optional<config::ProxyStatus>()> ack;
  const Clock& clock;
  compile::CompileOptions compile;
  std::string controller_name;
};

// Thread: Run() on one; Stop() and numbers() on any. Lifetime: the parts outlive it.
class SyncLoop {
 public:
  explicit SyncLoop(SyncParts parts) : parts_(std::move(parts)) {}

  // Serves until Stop().
  void Run();
  void Stop();

  SyncNumbers numbers() const;
  // Whether a config was compiled from a complete picture: what /readyz says.
  bool ready() const noexcept { return ready_.load(std::memory_order_acquire); }

 private:
  void Sync();
  void Compile(const store::ClusterView& view);
  void Write();
  void TellProblems();
  bool PublishStatuses(const store::ClusterView& view);
  void CountRoutes(const std::vector<publish::RouteUpdate>& updates);

  SyncParts parts_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ready_{false};
  std::uint64_t compiled_generation_ = 0;
  compile::CompileOutput output_;
  bool write_pending_ = false;
  std::string told_error_;  // of the last write; empty when it went well
  bool publish_pending_ = true;
  std::vector<std::string> told_;  // problem lines of the last compile
  publish::AckTracker tracker_;
  std::optional<config::ProxyStatus> seen_ack_;
  mutable std::mutex mutex_;
  SyncNumbers numbers_;
};

}  // namespace stevedore
