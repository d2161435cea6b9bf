// ConsistentHash's pick, and what building its table costs.
#include <benchmark/benchmark.h>

#include <vector>

#include "proxy/runtime/balancer.h"

namespace stevedore::bench {
namespace {

std::vector<runtime::PeerState> Peers(std::uint32_t count) {
  std::vector<runtime::PeerState> peers(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    peers[i].id = runtime::PeerId{i};
    peers[i].peer = {{config::IpAddress::V4(0x0a000001 + i), 7000}, 1};
  }
  return peers;
}

runtime::PickSet MakeSet(std::uint32_t peers) {
  runtime::MaglevCache cache;
  return runtime::BuildPickSet(Peers(peers), config::Algorithm::kConsistentHash,
                               config::WhenNoneUsable::kFailOpen, 0, cache);
}

void Pick(benchmark::State& state) {
  const runtime::PickSet set = MakeSet(static_cast<std::uint32_t>(state.range(0)));
  std::uint64_t hash = 1;
  for (auto _ : state) {
    hash = hash * 6364136223846793005u + 1442695040888963407u;
    benchmark::DoNotOptimize(runtime::PickByHash(set, hash));
  }
}

void Build(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(MakeSet(static_cast<std::uint32_t>(state.range(0))));
}

BENCHMARK(Pick)->Name("maglev pick")->ArgName("peers")->Arg(2)->Arg(100)->Arg(1000);
BENCHMARK(Build)
    ->Name("maglev build")
    ->ArgName("peers")
    ->Arg(2)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stevedore::bench
