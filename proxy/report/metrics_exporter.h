// MetricsExporter: the proxy's metrics, read from counters and snapshot at scrape. Names and
// meaning: docs/metrics.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <mutex>
#include <vector>

#include "proxy/base/metric_families.h"
#include "proxy/health/probe_stats.h"
#include "proxy/report/in_force.h"
#include "proxy/report/traffic_book.h"
#include "proxy/worker/worker_pool.h"

namespace stevedore::report {

// Thread: Collect() and Set() from any. Lifetime: the parts outlive it.
class MetricsExporter final : public prometheus::Collectable {
 public:
  MetricsExporter(TrafficBook& book, const health::ProbeStats& probes,
                  std::function<std::vector<worker::WorkerGauges>()> gauges)
      : book_(book), probes_(probes), gauges_(std::move(gauges)) {}

  void Set(InForce in_force);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void AddListeners(MetricFamilies& out) const;
  static void AddRoutes(MetricFamilies& out, const runtime::Snapshot& snapshot);
  static void AddPeers(MetricFamilies& out, const InForce& in_force);
  void AddProbes(MetricFamilies& out) const;
  void AddWorkers(MetricFamilies& out) const;
  static void AddControl(MetricFamilies& out, const InForce& in_force);

  TrafficBook& book_;
  const health::ProbeStats& probes_;
  const std::function<std::vector<worker::WorkerGauges>()> gauges_;
  mutable std::mutex mutex_;
  InForce in_force_;
};

}  // namespace stevedore::report
