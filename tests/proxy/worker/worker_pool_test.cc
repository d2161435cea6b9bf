#include "proxy/worker/worker_pool.h"

#include <sys/resource.h>

#include <vector>

#include "tests/proxy/worker/rig.h"

namespace stevedore::worker {
namespace {

TEST(WorkerPool, StartsAndStopsWithoutASnapshot) {
  const runtime::SnapshotHolder holder;
  auto pool = WorkerPool::Start({3, 100, 16}, holder);
  ASSERT_TRUE(pool);
  EXPECT_EQ((*pool)->OldestGeneration(), 0u);
  EXPECT_EQ((*pool)->Gauges().size(), 3u);
  (*pool)->Wake();
}

TEST(WorkerPool, WorkersShareListenersByClient) {
  const UniqueFd peer = BoundSocket(At("127.0.0.1:0"));
  config::ProxyConfig config;
  config.upstreams = {MakeUpstream("u", {PeerAt(peer)})};
  config.listeners = {MakeListener("l", "127.0.0.1", "u")};
  Rig rig(2);
  rig.Load(config);
  constexpr std::uint64_t kClients = 40;
  std::vector<UniqueFd> clients;  // all open, or one may get the port of another
  while (clients.size() < kClients) {
    const UniqueFd& client = clients.emplace_back(BoundSocket(At("127.0.0.1:0")));
    const auto first = Exchange(client, ListenerAddress(config.listeners[0]), peer);
    ASSERT_EQ(Exchange(client, ListenerAddress(config.listeners[0]), peer), first);
  }
  EXPECT_TRUE(rig.Conserves(2 * kClients));
  for (auto& block : rig.snapshot().listeners[0].stats->blocks)
    EXPECT_GT(block.client_in.datagrams.Get(), 0u) << "a worker that got nothing";
  EXPECT_TRUE(Eventually([&] {
    std::uint64_t sessions = 0;
    for (const WorkerGauges& gauges : rig.pool().Gauges()) sessions += gauges.sessions;
    return sessions == kClients;
  }));
}

TEST(WorkerPool, EveryWorkerTakesEverySnapshot) {
  Rig rig(2);
  for (std::uint64_t generation = 1; generation <= 20; ++generation) {
    rig.Load({});
    EXPECT_EQ(rig.pool().OldestGeneration(), generation);
  }
}

TEST(WorkerPool, WithoutDescriptorsItDoesNotStart) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 3;  // no descriptor is left for an event loop
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const runtime::SnapshotHolder holder;
  const auto pool = WorkerPool::Start({1, 100, 16}, holder);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(pool);
  EXPECT_EQ(pool.error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace stevedore::worker
