// MetricsExporter: the proxy's metrics, read from counters and snapshot at scrape. Names and
// meaning: docs/metrics.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <vector>

#include "proxy/base/metric_families.h"
#include "proxy/health/probe_stats.h"
#include "proxy/report/in_force.h"
#include "proxy/report/traffic_book.h"
#include "proxy/worker/worker_pool.h"

namespace stevedore::report {

// Thread: Collect() from any. Lifetime: the parts outlive it.
class MetricsExporter final : public prometheus::Collectable {
 public:
  MetricsExporter(const InForceHolder& in_force, TrafficBook& book,
                  const health::ProbeStats& probes,
                  std::function<std::vector<worker::WorkerGauges>()> gauges)
      : in_force_(in_force), book_(book), probes_(probes), gauges_(std::move(gauges)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  void AddListeners(MetricFamilies& out) const;
  static void AddRoutes(MetricFamilies& out, const runtime::Snapshot& snapshot);
  static void AddPeers(MetricFamilies& out, const InForce& in_force);
  void AddProbes(MetricFamilies& out) const;
  void AddWorkers(MetricFamilies& out) const;
  static void AddControl(MetricFamilies& out, const InForce& in_force);

  const InForceHolder& in_force_;
  TrafficBook& book_;
  const health::ProbeStats& probes_;
  const std::function<std::vector<worker::WorkerGauges>()> gauges_;
};

}  // namespace stevedore::report
