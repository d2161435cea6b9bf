// ControlLoop: the proxy's control thread. Files, signals, health and time in; snapshots, status
// and metrics out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/base/http_endpoint.h"
#include "proxy/base/result.h"
#include "proxy/control/buffer_advice.h"
#include "proxy/control/config_loader.h"
#include "proxy/control/config_watcher.h"
#include "proxy/control/drop_log.h"
#include "proxy/control/listener_binder.h"
#include "proxy/control/readiness.h"
#include "proxy/control/signals.h"
#include "proxy/control/status_file.h"
#include "proxy/control/workers.h"
#include "proxy/health/prober.h"
#include "proxy/net/event_loop.h"
#include "proxy/report/in_force.h"
#include "proxy/report/live_page.h"
#include "proxy/report/metrics_exporter.h"
#include "proxy/report/traffic_book.h"
#include "proxy/runtime/snapshot_builder.h"
#include "proxy/runtime/snapshot_holder.h"

namespace stevedore::control {

struct ControlOptions {
  std::string config_path;
  std::string status_path;  // empty: no status file
  worker::WorkerPoolOptions workers;
  std::string metrics_address = ":9181";
  bool live_page = true;  // beside /metrics, for people
  std::chrono::seconds drain_timeout{30};
  bool wait_for_config = false;  // a missing or wrong file at the start is waited for
};

// Thread: one, that of Run(); the prober and the HTTP endpoint have their own.
class ControlLoop {
 public:
  // Starts workers, prober and HTTP endpoint and loads the config. Errors: what the start needs
  // cannot be had; a missing or wrong config unless it is waited for.
  static Result<std::unique_ptr<ControlLoop>> Start(ControlOptions options,
                                                    const StartWorkers& start_workers);
  ~ControlLoop();
  ControlLoop(const ControlLoop&) = delete;
  ControlLoop& operator=(const ControlLoop&) = delete;

  // Serves until a signal ends it and the drain is over.
  void Run();

 private:
  ControlLoop(ControlOptions options, net::EventLoop loop, Signals signals);

  Result<> StartParts(const StartWorkers& start_workers);
  Result<> ServeHttp();
  Result<> LoadFirst();
  // Reads the file; true when a new config is in force.
  bool Load();
  void FoundAgain();
  void Apply(const config::ValidConfig& config);
  // Builds and publishes a snapshot of the config in force.
  void Publish();
  // Tries the listeners that are not bound and due; true when there is news of one.
  bool BindListeners();
  void TakeSignals();
  void EverySecond(Nanos now);
  void RefreshAddresses();
  void TellStatus();
  bool Finished(Nanos now) const;
  std::chrono::milliseconds UntilNext(Nanos now) const;

  const ControlOptions options_;
  const MonotonicClock clock_;
  net::EventLoop loop_;
  Signals signals_;
  std::atomic<bool> health_changed_{false};
  runtime::Registry registry_;
  runtime::SnapshotBuilder builder_;
  runtime::SnapshotHolder holder_;
  ListenerBinder binder_;
  BufferAdvice buffer_advice_;
  ConfigLoader loader_;
  ConfigWatcher watcher_;
  report::TrafficBook book_;
  StatusFile status_;
  Readiness readiness_;
  DropLog drop_log_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<health::Prober> prober_;
  report::InForceHolder in_force_;
  std::shared_ptr<report::MetricsExporter> exporter_;
  std::unique_ptr<report::LivePage> page_;
  std::unique_ptr<HttpEndpoint> http_;

  std::optional<config::ValidConfig> config_;  // in force
  std::string digest_;                         // of it
  double applied_at_ = 0;                      // Unix time
  std::vector<config::IpAddress> addresses_;
  Nanos next_second_{0};
  Nanos next_addresses_{0};
  std::optional<Nanos> draining_since_;
  bool leave_now_ = false;
};

}  // namespace stevedore::control
