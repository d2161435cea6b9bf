#include "proxy/base/process_metrics.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <sys/resource.h>

#include <chrono>
#include <map>

#include "proxy/base/unique_fd.h"
#include "proxy/base/version.h"

namespace stevedore {
namespace {

std::map<std::string, double> Values() {
  std::map<std::string, double> values;
  for (const auto& family : ProcessMetrics("proxy").Collect())
    values[family.name] = family.type == prometheus::MetricType::Counter
                              ? family.metric.at(0).counter.value
                              : family.metric.at(0).gauge.value;
  return values;
}

TEST(ProcessMetrics, ValuesAreThoseOfThisProcess) {
  const auto before = Values();
  EXPECT_GT(before.at("process_resident_memory_bytes"), 1e6);
  EXPECT_LT(before.at("process_resident_memory_bytes"), 1e11);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(before.at("process_max_fds"), static_cast<double>(limit.rlim_cur));
  const double now = static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(
                                             std::chrono::system_clock::now().time_since_epoch())
                                             .count());
  EXPECT_LE(before.at("process_start_time_seconds"), now + 2);
  EXPECT_GT(before.at("process_start_time_seconds"), now - 3600);
  const UniqueFd one(::dup(0));
  EXPECT_EQ(Values().at("process_open_fds"), before.at("process_open_fds") + 1);
  EXPECT_GE(Values().at("process_cpu_seconds_total"), before.at("process_cpu_seconds_total"));
}

TEST(ProcessMetrics, BuildInfoNamesTheComponent) {
  for (const auto& family : ProcessMetrics("controller").Collect()) {
    EXPECT_FALSE(family.help.empty()) << family.name;
    if (family.name != "stevedore_build_info") continue;
    std::map<std::string, std::string> labels;
    for (const auto& label : family.metric.at(0).label) labels[label.name] = label.value;
    EXPECT_EQ(labels.at("component"), "controller");
    EXPECT_EQ(labels.at("version"), Version());
    EXPECT_EQ(labels.at("revision"), Revision());
    return;
  }
  FAIL() << "no stevedore_build_info";
}

}  // namespace
}  // namespace stevedore
