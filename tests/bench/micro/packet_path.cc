// A worker's whole work for a datagram but the system calls, at 1 000 and at 1 000 000 sessions.
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "proxy/net/udp_socket.h"
#include "proxy/runtime/snapshot_builder.h"
#include "proxy/worker/worker_pool.h"
#include "tests/bench/micro/kernel.h"

namespace stevedore::bench {
namespace {

// One listener, one byte rule, one upstream with affinity Flow.
config::ValidConfig MakeConfig(std::uint32_t peers) {
  config::ProxyConfig config;
  config::Listener listener;
  listener.name = "l";
  listener.address = "127.0.0.1";
  listener.port = 30'000;
  listener.session.idle_timeout_seconds = 3600;
  listener.rules = {{"r", {{0, 1, config::Operator::kEqual, "0x01"}}, "u"}};
  config.listeners = {listener};
  config::Upstream upstream;
  upstream.name = "u";
  upstream.affinity = config::Affinity::kFlow;
  for (std::uint32_t i = 0; i < peers; ++i)
    upstream.peers.push_back({config::IpAddress::V4(0x0a000001 + i).ToString(), 7000, 1, false});
  config.upstreams = {upstream};
  auto valid = config::Validate(config);
  if (!std::holds_alternative<config::ValidConfig>(valid)) std::abort();
  return std::get<config::ValidConfig>(valid);
}

// A worker with `sessions` assured sessions.
class Served {
 public:
  Served(std::uint32_t sessions, std::uint32_t peers) : config_(MakeConfig(peers)) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    const runtime::BuildInput input{config_, local_, clock_.Now()};
    builder_.Register(input);
    BindListener();
    auto pool = worker::WorkerPool::Start({1, sessions, 1024}, holder_);
    if (!pool) std::abort();
    pool_ = std::move(*pool);
    const auto snapshot = builder_.Build(input);
    holder_.Publish(snapshot);
    while (pool_->OldestGeneration() != snapshot->generation)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    Kernel::The().Forget();
    const Job up{.left = sessions, .clients = sessions};
    Job first = up;
    first.learn = true;
    Kernel::The().Do(first);
    Kernel::The().Do({.way = Job::Way::kDown, .left = sessions});
    Kernel::The().Do(up);
    while (pool_->Gauges()[0].sessions < sessions)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }

 private:
  void BindListener() {
    const config::SocketAddress loopback{config::IpAddress::V4(0x7f000001), 0};
    auto group = net::OpenListenerGroup(loopback, 1);
    if (!group) std::abort();
    Kernel::The().Listen(group->front().get());
    const auto address = registry_.listeners.entries().begin()->first;
    registry_.listeners.Get(address, [] { return runtime::ListenerRecord{}; }).value.sockets =
        std::make_shared<runtime::ListenerSockets>(
            runtime::ListenerSockets{std::move(*group), AF_INET});
  }

  MonotonicClock clock_;
  config::ValidConfig config_;
  std::vector<config::IpAddress> local_;
  runtime::Registry registry_{1};
  runtime::SnapshotBuilder builder_{registry_};
  runtime::SnapshotHolder holder_;
  std::unique_ptr<worker::WorkerPool> pool_;
};

// One at a time, kept while the same number is asked for.
void Serve(std::uint32_t sessions) {
  static std::unique_ptr<Served> served;
  static std::uint32_t count = 0;
  if (count == sessions) return;
  served.reset();
  count = sessions;
  served = std::make_unique<Served>(sessions, sessions <= 1000 ? 1 : 1000);
}

void Up(benchmark::State& state) {
  const auto sessions = static_cast<std::uint32_t>(state.range(0));
  Serve(sessions);
  Kernel::The().Do({.state = &state, .clients = sessions, .random = true});
}

void Down(benchmark::State& state) {
  Serve(static_cast<std::uint32_t>(state.range(0)));
  Kernel::The().Do({.way = Job::Way::kDown, .state = &state});
}

BENCHMARK(Up)->Name("packet path, client to peer")->Arg(1'000);
BENCHMARK(Down)->Name("packet path, peer to client")->Arg(1'000);
BENCHMARK(Up)->Name("packet path, client to peer")->Arg(1'000'000);
BENCHMARK(Down)->Name("packet path, peer to client")->Arg(1'000'000);

}  // namespace
}  // namespace stevedore::bench
