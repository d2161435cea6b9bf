#include "proxy/control/cpu_count.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <fstream>

#include "tests/proxy/base/temporary_directory.h"

namespace stevedore::control {
namespace {

class CpuCount : public testing::Test {
 protected:
  void Write(const std::string& name, const std::string& content) {
    const std::filesystem::path path(directory_.File(name));
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  std::optional<double> Cpus() { return CgroupCpus(directory_.path()); }

  TemporaryDirectory directory_;
};

unsigned Processors() {
  cpu_set_t mask;
  return ::sched_getaffinity(0, sizeof mask, &mask) == 0 ? static_cast<unsigned>(CPU_COUNT(&mask))
                                                         : 1;
}

TEST_F(CpuCount, NoGroupMeansNoQuota) {
  EXPECT_EQ(Cpus(), std::nullopt);
  EXPECT_EQ(DefaultWorkers(directory_.path()), Processors());
}

TEST_F(CpuCount, TakesTheSmallestQuotaOnTheWayUp) {
  Write("proc/self/cgroup", "0::/pods/one/main\n");
  Write("sys/fs/cgroup/pods/one/main/cpu.max", "max 100000\n");
  EXPECT_EQ(Cpus(), std::nullopt);
  Write("sys/fs/cgroup/pods/one/cpu.max", "150000 100000\n");
  EXPECT_EQ(Cpus(), 1.5);
  Write("sys/fs/cgroup/pods/cpu.max", "400000 100000\n");
  EXPECT_EQ(Cpus(), 1.5);
  Write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(Cpus(), 0.5);
}

TEST_F(CpuCount, InAContainerThePathMayBeTheHosts) {
  Write("proc/self/cgroup", "0::/kubepods/pod1/abc\n");
  Write("sys/fs/cgroup/cpu.max", "250000 100000\n");
  EXPECT_EQ(Cpus(), 2.5);
}

TEST_F(CpuCount, ReadsVersion1) {
  Write("proc/self/cgroup", "9:cpuset:/pod\n4:cpu,cpuacct:/pod\n");
  Write("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(Cpus(), std::nullopt) << "-1 is no quota";
  Write("sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(Cpus(), 3.0);
}

TEST_F(CpuCount, FindsVersion1UnderItsOtherName) {
  Write("proc/self/cgroup", "4:cpu,cpuacct:/\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "20000\n");
  EXPECT_EQ(Cpus(), 0.2);
}

TEST_F(CpuCount, IgnoresNonsense) {
  Write("proc/self/cgroup", "nonsense\n\n0:/x\n0::/\n");
  for (const char* text : {"", "max", "a b", "100000 0", "-5 100000"}) {
    Write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(Cpus(), std::nullopt) << text;
  }
}

TEST_F(CpuCount, WorkersAreTheQuotaRoundedUpWithinTheMask) {
  Write("proc/self/cgroup", "0::/\n");
  const std::pair<const char*, unsigned> cases[] = {
      {"1000 100000", 1}, {"100000 100000", 1}, {"150000 100000", 2}, {"9900000 100000", 99}};
  for (const auto& [quota, wanted] : cases) {
    Write("sys/fs/cgroup/cpu.max", quota);
    EXPECT_EQ(DefaultWorkers(directory_.path()), std::min(wanted, Processors())) << quota;
  }
}

}  // namespace
}  // namespace stevedore::control
