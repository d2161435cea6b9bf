// The usual process_* metrics and stevedore_build_info, read from /proc at scrape.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <string>
#include <vector>

namespace stevedore {

// Thread: Collect() from any thread. Names: Prometheus client library conventions, "Standard and
// runtime collectors".
class ProcessMetrics final : public prometheus::Collectable {
 public:
  // `component` is the label of stevedore_build_info: "proxy" or "controller".
  explicit ProcessMetrics(std::string component) : component_(std::move(component)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::string component_;
};

}  // namespace stevedore
