// The controller's metrics: read from the parts at scrape. Names are those of docs/metrics.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/mode.h"
#include "controller/sync_meter.h"

namespace stevedore {

// All that is told at one scrape.
struct ControllerNumbers {
  SyncNumbers sync;
  std::vector<source::WatchReport> watches;  // empty without an API server
  std::optional<Leadership> leadership;
  std::optional<ClientNumbers> client;
  std::optional<publish::PortNumbers> ports;
  std::string class_name;  // of the routes that it serves
};

// The numbers of a mode and its loop.
ControllerNumbers ReadNumbers(SyncNumbers sync, const Mode& mode, const std::string& class_name);

// Thread: Collect() from any. Lifetime: what the function refers to outlives it.
class ControllerMetrics final : public prometheus::Collectable {
 public:
  explicit ControllerMetrics(std::function<ControllerNumbers()> read) : read_(std::move(read)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const std::function<ControllerNumbers()> read_;
};

}  // namespace stevedore
