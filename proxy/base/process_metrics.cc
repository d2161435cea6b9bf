#include "proxy/base/process_metrics.h"

#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "proxy/base/version.h"

namespace stevedore {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily One(const char* name, const char* help, MetricType type, double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {metric}};
}

struct Stat {
  double cpu_seconds = 0;
  double start_seconds = 0;  // since boot
  double resident_bytes = 0;
};

// Fields of proc(5) /proc/pid/stat, counted after the parenthesised name: 3 is state, 14 utime, 15
// stime, 22 starttime, 24 rss.
Stat ReadStat() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  std::istringstream rest(
      line.substr(line.rfind(')') == std::string::npos ? 0 : line.rfind(')') + 2));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  if (fields.size() < 22) return {};
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return {(std::stod(fields[11]) + std::stod(fields[12])) / ticks, std::stod(fields[19]) / ticks,
          std::stod(fields[21]) * static_cast<double>(::sysconf(_SC_PAGESIZE))};
}

double BootTime() {
  std::ifstream in("/proc/stat");
  for (std::string key; in >> key;) {
    double value = 0;
    if (key == "btime" && in >> value) return value;
  }
  return 0;
}

double OpenDescriptors() {
  std::error_code error;
  double count = 0;
  for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    ++count;
  return count;
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics::Collect() const {
  const Stat stat = ReadStat();
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  prometheus::ClientMetric info;
  info.label = {{"version", Version()}, {"revision", Revision()}, {"component", component_}};
  info.gauge.value = 1;
  return {
      One("process_cpu_seconds_total", "User and system CPU time spent.", MetricType::Counter,
          stat.cpu_seconds),
      One("process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
          stat.resident_bytes),
      One("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenDescriptors()),
      One("process_max_fds", "Limit of open file descriptors.", MetricType::Gauge,
          static_cast<double>(limit.rlim_cur)),
      One("process_start_time_seconds", "Start time since the Unix epoch.", MetricType::Gauge,
          BootTime() + stat.start_seconds),
      {"stevedore_build_info", "Version that is running; always 1.", MetricType::Gauge, {info}},
  };
}

}  // namespace stevedore
