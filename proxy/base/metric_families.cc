#include "proxy/base/metric_families.h"

#include <limits>

namespace stevedore {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric& MetricFamilies::Add(const char* name, const char* help, MetricType type,
                                  const Labels& labels) {
  auto& family = families_.try_emplace(name, MetricFamily{name, help, type, {}}).first->second;
  ClientMetric& metric = family.metric.emplace_back();
  for (const auto& [label, value] : labels) metric.label.push_back({label, value});
  return metric;
}

void MetricFamilies::Count(const char* name, const char* help, std::uint64_t value,
                           const Labels& labels) {
  CountSeconds(name, help, static_cast<double>(value), labels);
}

void MetricFamilies::CountSeconds(const char* name, const char* help, double value,
                                  const Labels& labels) {
  Add(name, help, MetricType::Counter, labels).counter.value = value;
}

void MetricFamilies::Gauge(const char* name, const char* help, double value, const Labels& labels) {
  Add(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void MetricFamilies::Histogram(const char* name, const char* help,
                               const std::vector<double>& bounds,
                               const std::vector<std::uint64_t>& counts, double sum,
                               const Labels& labels) {
  auto& histogram = Add(name, help, MetricType::Histogram, labels).histogram;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    histogram.bucket.push_back(
        {total, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
  }
  histogram.sample_count = total;
  histogram.sample_sum = sum;
}

void MetricFamilies::Histogram(const char* name, const char* help,
                               const stevedore::Histogram& samples, const Labels& labels) {
  Histogram(name, help, {samples.bounds().begin(), samples.bounds().end()}, samples.counts(),
            samples.sum(), labels);
}

std::vector<MetricFamily> MetricFamilies::Take() {
  std::vector<MetricFamily> list;
  for (auto& entry : families_) list.push_back(std::move(entry.second));
  families_.clear();
  return list;
}

}  // namespace stevedore
