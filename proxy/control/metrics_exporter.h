// MetricsExporter: the proxy's metrics, read from counters and snapshot at scrape. Names and
// meaning: docs/metrics.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "proxy/base/metric_families.h"
#include "proxy/config/status.h"
#include "proxy/control/traffic_book.h"
#include "proxy/control/workers.h"
#include "proxy/health/probe_stats.h"

namespace stevedore::control {

// What the control loop tells about loading and peers.
struct ControlNumbers {
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  bool last_reload_ok = false;
  double last_reload_at = 0;  // Unix time of the last good one; 0 = never
  std::uint64_t sessions_limit = 0;
  std::vector<config::UpstreamStatus> upstreams;
};

// Thread: Collect() and Set() from any. Lifetime: the parts outlive it.
class MetricsExporter final : public prometheus::Collectable {
 public:
  MetricsExporter(TrafficBook& book, const health::ProbeStats& probes,
                  std::function<std::vector<worker::WorkerGauges>()> gauges)
      : book_(book), probes_(probes), gauges_(std::move(gauges)) {}

  void Set(ControlNumbers numbers);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void AddListeners(MetricFamilies& out) const;
  void AddRoutes(MetricFamilies& out, const runtime::Snapshot& snapshot) const;
  void AddPeers(MetricFamilies& out, const runtime::Snapshot& snapshot,
                const ControlNumbers& numbers) const;
  void AddProbes(MetricFamilies& out) const;
  void AddWorkers(MetricFamilies& out) const;
  static void AddControl(MetricFamilies& out, const ControlNumbers& numbers);

  TrafficBook& book_;
  const health::ProbeStats& probes_;
  const std::function<std::vector<worker::WorkerGauges>()> gauges_;
  mutable std::mutex mutex_;
  ControlNumbers numbers_;
};

}  // namespace stevedore::control
