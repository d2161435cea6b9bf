// The controller's metrics: read from the parts at scrape. Names are those of docs/metrics.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <vector>

#include "controller/source/kubernetes.h"
#include "controller/sync_loop.h"

namespace stevedore {

// Thread: Collect() from any. Lifetime: what the functions refer to outlives it.
class ControllerMetrics final : public prometheus::Collectable {
 public:
  using Watches = std::function<std::vector<source::WatchReport>()>;
  // `watches` is empty in directory mode.
  ControllerMetrics(std::function<SyncNumbers()> sync, Watches watches)
      : sync_(std::move(sync)), watches_(std::move(watches)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::function<SyncNumbers()> sync_;
  Watches watches_;
};

}  // namespace stevedore
