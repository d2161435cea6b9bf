#include "proxy/control/cpu_count.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "proxy/base/file.h"

namespace stevedore::control {
namespace {

std::string Read(const std::string& path) {
  auto text = ReadFile(path, 1 << 16);
  return text ? *text : "";
}

std::optional<double> Smaller(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<double> Ratio(const std::string& quota, const std::string& period) {
  double q = 0;
  double p = 0;
  std::istringstream quota_in(quota);
  std::istringstream period_in(period);
  if (!(quota_in >> q) || !(period_in >> p) || q <= 0 || p <= 0) return std::nullopt;
  return q / p;
}

// "max 100000" or "50000 100000", see the kernel's cgroup-v2.rst.
std::optional<double> QuotaV2(const std::string& directory) {
  std::istringstream in(Read(directory + "/cpu.max"));
  std::string quota;
  std::string period;
  if (!(in >> quota >> period)) return std::nullopt;
  return Ratio(quota, period);
}

std::optional<double> QuotaV1(const std::string& directory) {
  return Ratio(Read(directory + "/cpu.cfs_quota_us"), Read(directory + "/cpu.cfs_period_us"));
}

// The smallest quota from `path` up to the mount: a parent's limit binds as well. In a container
// the path may be the host's and not exist; the mount is then the container's own group.
template <class Quota>
std::optional<double> Walk(const std::string& mount, std::string path, Quota quota) {
  std::optional<double> smallest;
  while (path.size() > 1) {
    smallest = Smaller(smallest, quota(mount + path));
    path.erase(path.rfind('/'));
  }
  return Smaller(smallest, quota(mount));
}

bool HasCpuController(const std::string& controllers) {
  std::istringstream in(controllers);
  for (std::string one; std::getline(in, one, ',');)
    if (one == "cpu") return true;
  return false;
}

}  // namespace

std::optional<double> CgroupCpus(const std::string& root) {
  std::optional<double> smallest;
  std::istringstream lines(Read(root + "/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    // "ID:CONTROLLERS:PATH"; version 2 has no controllers.
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      smallest = Smaller(smallest, Walk(root + "/sys/fs/cgroup", path, QuotaV2));
    } else if (HasCpuController(controllers)) {
      smallest = Smaller(smallest, Walk(root + "/sys/fs/cgroup/" + controllers, path, QuotaV1));
      smallest = Smaller(smallest, Walk(root + "/sys/fs/cgroup/cpu", path, QuotaV1));
    }
  }
  return smallest;
}

unsigned DefaultWorkers(const std::string& root) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  double count = 1;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0) count = CPU_COUNT(&mask);
  if (const auto quota = CgroupCpus(root)) count = std::min(count, std::ceil(*quota));
  return static_cast<unsigned>(std::max(1.0, count));
}

}  // namespace stevedore::control
