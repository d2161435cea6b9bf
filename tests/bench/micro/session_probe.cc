// Finding a client's session by its Flow, among 1 000 to 1 000 000.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <memory>
#include <variant>

#include "proxy/session/session_table.h"

namespace stevedore::bench {
namespace {

constexpr std::uint32_t kPeers = 1000;
constexpr session::Tick kNow = 36'000;

session::FlowKey KeyOf(std::uint32_t client) {
  session::FlowKey key;
  key.client = {config::IpAddress::V4(0x0b000000u + client), 5000};
  key.listener = runtime::ListenerId{0};
  return key;
}

runtime::Snapshot MakeSnapshot() {
  runtime::Snapshot snapshot;
  runtime::ListenerEntry& listener = snapshot.listeners.emplace_back();
  listener.session.max_sessions = 2'000'000;
  listener.stats = std::make_shared<runtime::ListenerStats>("l", 1);
  snapshot.listener_by_id = {0};
  snapshot.upstreams.emplace_back();
  snapshot.peers.resize(kPeers);
  for (std::uint32_t i = 0; i < kPeers; ++i) {
    snapshot.peers[i].present = snapshot.peers[i].keepable = true;
    snapshot.peers[i].upstream = runtime::UpstreamIndex{0};
    snapshot.peers[i].address = {config::IpAddress::V4(0x0a000001 + i), 7000};
  }
  return snapshot;
}

struct Sessions {
  explicit Sessions(std::uint32_t count) : table(count, 0, v4, v6, kNow) {
    table.Apply(snapshot, kNow);
    for (std::uint32_t client = 0; client < count; ++client) {
      const runtime::PeerId peer{client % kPeers};
      const auto made = table.Create(KeyOf(client), snapshot.peers[client % kPeers], peer, kNow);
      const auto* const index = std::get_if<session::SessionIndex>(&made);
      if (index == nullptr) continue;
      table.SetFlow(*index, peer);
      table.OnReply(*index, kNow);  // assured, or half of the ports would be kept for who is
      table.OnClient(*index, peer, kNow);
    }
  }
  static bool Opened(std::uint32_t, int) { return true; }
  static void Closing(std::uint32_t, int) {}

  runtime::Snapshot snapshot = MakeSnapshot();
  session::OwnPorts own_ports;
  session::PortPool v4{true, kPeers, own_ports, {Opened, Closing}};
  session::PortPool v6{false, 1, own_ports, {Opened, Closing}};
  session::SessionTable table;
};

void Probe(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto sessions = std::make_unique<Sessions>(count);
  std::uint64_t random = 88172645463325252u;
  for (auto _ : state) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    const auto client = static_cast<std::uint32_t>((random >> 32) * count >> 32);
    const auto kept = sessions->table.FindFlow(KeyOf(client), runtime::UpstreamId{0});
    if (kept.session == session::kNoSession) state.SkipWithError("a session is missing");
    benchmark::DoNotOptimize(kept);
  }
}

BENCHMARK(Probe)
    ->Name("session probe")
    ->ArgName("sessions")
    ->Arg(1'000)
    ->Arg(100'000)
    ->Arg(1'000'000);

}  // namespace
}  // namespace stevedore::bench
