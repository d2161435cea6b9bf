// SyncLoop: the one thread that turns news into a config and statuses: wait, view, compile, write,
// report. Level-driven: everything is computed anew from the latest view, compared, and skipped
// when equal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/compile/compiler.h"
#include "controller/publish/ack_tracker.h"
#include "controller/publish/config_writer.h"
#include "controller/publish/port_publisher.h"
#include "controller/publish/replica_tracker.h"
#include "controller/publish/replicas.h"
#include "controller/publish/status_sink.h"
#include "controller/store/store.h"
#include "controller/sync_meter.h"
#include "proxy/base/clock.h"

namespace stevedore {

struct SyncParts {
  store::Store& store;
  publish::ConfigWriter& writer;
  publish::StatusSink& sink;
  publish::Replicas& replicas;
  // The proxy's last answer.
  std::function<publish::Ack()> ack;
  const Clock& clock;
  compile::CompileOptions compile;
  std::string controller_name;
  publish::PortPublisher* ports = nullptr;  // null where no Service is published
};

// Thread: Run() on one; Stop() and numbers() on any. Lifetime: the parts outlive it.
class SyncLoop {
 public:
  explicit SyncLoop(SyncParts parts);

  // Serves until Stop().
  void Run();
  void Stop();

  SyncNumbers numbers() const;
  // Whether a config was compiled from a complete picture: what /readyz says.
  bool ready() const noexcept { return ready_.load(std::memory_order_acquire); }

 private:
  void Sync();
  void Compile(const store::ClusterView& view);
  bool ConfigInPlace();
  void Write();
  void TellProblems();
  void TellProxy(const api::ReplicaReport& own);
  // Whether statuses may differ from those published last.
  bool AnswersAreNew();
  // Whether it has something new to say in statuses.
  bool PublishPorts(const store::ClusterView& view);
  bool PublishStatuses(const store::ClusterView& view);
  void CountRoutes(const std::vector<publish::RouteUpdate>& updates);

  SyncParts parts_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ready_{false};
  std::uint64_t compiled_content_ = 0;  // see ClusterView::content
  std::uint64_t seen_generation_ = 0;
  compile::CompileOutput output_;
  bool write_pending_ = false;
  std::string told_error_;  // of the last write; empty when it went well
  bool publish_pending_ = true;
  std::vector<std::string> told_;  // problem lines of the last compile
  publish::AckTracker tracker_;
  publish::ReplicaTracker replica_tracker_;
  bool told_proxy_ = false;                                 // that it does not run its config
  publish::Ack ack_;                                        // at this turn
  std::shared_ptr<const publish::OtherReplicas> replicas_;  // likewise
  SyncMeter meter_;
};

}  // namespace stevedore
