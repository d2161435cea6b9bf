// MetricFamilies: collects samples into Prometheus families, in the order of their names.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/histogram.h"

namespace stevedore {

// Thread: one.
class MetricFamilies {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  void Count(const char* name, const char* help, std::uint64_t value, const Labels& labels = {});
  void CountSeconds(const char* name, const char* help, double value, const Labels& labels = {});
  void Gauge(const char* name, const char* help, double value, const Labels& labels = {});
  // `counts[i]` is the number of samples up to `bounds[i]` and above the bound before it; the last
  // count, one more than there are bounds, is of those beyond all.
  void Histogram(const char* name, const char* help, const std::vector<double>& bounds,
                 const std::vector<std::uint64_t>& counts, double sum, const Labels& labels = {});
  void Histogram(const char* name, const char* help, const stevedore::Histogram& samples,
                 const Labels& labels = {});

  std::vector<prometheus::MetricFamily> Take();

 private:
  prometheus::ClientMetric& Add(const char* name, const char* help, prometheus::MetricType type,
                                const Labels& labels);
  std::map<std::string, prometheus::MetricFamily> families_;
};

}  // namespace stevedore
