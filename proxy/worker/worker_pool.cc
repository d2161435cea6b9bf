#include "proxy/worker/worker_pool.h"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "proxy/worker/worker.h"

namespace stevedore::worker {
namespace {

// Left for listeners' siblings, probes, files, connections of the HTTP endpoint.
constexpr rlim_t kReservedDescriptors = 256;

// The ports that the kernel gives to sockets that ask for none: ip(7), ip_local_port_range.
rlim_t LocalPorts() {
  std::ifstream in("/proc/sys/net/ipv4/ip_local_port_range");
  rlim_t first = 0;
  rlim_t last = 0;
  return in >> first >> last && last > first ? last - first + 1 : 28232;
}

// Pool sockets per worker: a share of the descriptors, and of the ports, whichever is less.
std::uint32_t PoolSockets(unsigned workers) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t free = limit.rlim_cur > 2 * kReservedDescriptors
                          ? limit.rlim_cur - kReservedDescriptors
                          : limit.rlim_cur / 2;
  return static_cast<std::uint32_t>(std::max<rlim_t>(1, std::min(free, LocalPorts()) / workers));
}

}  // namespace

struct WorkerPool::Impl {
  Impl(const runtime::SnapshotHolder& h, std::uint64_t key_table_size)
      : keys(key_table_size), shared{h, keys, own_ports} {}

  session::KeyTable keys;
  session::OwnPorts own_ports;
  Shared shared;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
};

WorkerPool::WorkerPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<WorkerPool>> WorkerPool::Start(const WorkerPoolOptions& options,
                                                      const runtime::SnapshotHolder& holder) {
  auto impl = std::make_unique<Impl>(holder, options.key_table_size);
  const std::uint64_t share =
      std::max<std::uint64_t>(1, (options.max_sessions + options.workers - 1) / options.workers);
  const WorkerLimits limits{
      static_cast<std::uint32_t>(std::min<std::uint64_t>(share, session::kNoSession - 1)),
      PoolSockets(options.workers), options.segments};
  for (unsigned number = 0; number < options.workers; ++number) {
    auto worker = Worker::Create(number, limits, impl->shared);
    if (!worker) return worker.error();
    impl->workers.push_back(std::move(*worker));
  }
  for (const auto& worker : impl->workers) {
    std::thread& thread = impl->threads.emplace_back([w = worker.get()] { w->Run(); });
    // As /proc and top show it; the numbers are those of the metrics.
    const std::string name = "worker-" + std::to_string(impl->threads.size() - 1);
    ::pthread_setname_np(thread.native_handle(), name.c_str());
  }
  return std::unique_ptr<WorkerPool>(new WorkerPool(std::move(impl)));
}

WorkerPool::~WorkerPool() {
  for (const auto& worker : impl_->workers) worker->Stop();
  for (std::thread& thread : impl_->threads) thread.join();
}

void WorkerPool::Wake() noexcept {
  for (const auto& worker : impl_->workers) worker->Wake();
}

std::uint64_t WorkerPool::OldestGeneration() const noexcept {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  for (const auto& worker : impl_->workers) oldest = std::min(oldest, worker->generation());
  return oldest;
}

std::vector<WorkerGauges> WorkerPool::Gauges() const {
  std::vector<WorkerGauges> gauges;
  for (const auto& worker : impl_->workers)
    gauges.push_back({worker->sessions(), worker->pool_sockets(), worker->busy_seconds()});
  return gauges;
}

}  // namespace stevedore::worker
