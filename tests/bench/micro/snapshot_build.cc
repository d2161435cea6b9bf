// From a config of 500 listeners, 2 000 rules and 10 000 peers to a snapshot: validation, the first
// build with a table for each of the 100 upstreams that hash, and the build when health changed.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "proxy/base/clock.h"
#include "proxy/runtime/snapshot_builder.h"

namespace stevedore::bench {
namespace {

constexpr unsigned kListeners = 500;
constexpr unsigned kUpstreams = 1000;
constexpr unsigned kRules = 4;   // of a listener
constexpr unsigned kPeers = 10;  // of an upstream

config::ProxyConfig MakeConfig() {
  config::ProxyConfig config;
  for (unsigned u = 0; u < kUpstreams; ++u) {
    config::Upstream upstream;
    upstream.name = "u" + std::to_string(u);
    if (u % 10 == 0) {
      upstream.algorithm = config::Algorithm::kConsistentHash;
      upstream.hash_key = {config::KeySource::kPayload, 0, 4};
    }
    for (unsigned p = 0; p < kPeers; ++p)
      upstream.peers.push_back(
          {config::IpAddress::V4(0x0a000001 + u * kPeers + p).ToString(), 7000, 1, false});
    config.upstreams.push_back(std::move(upstream));
  }
  for (unsigned l = 0; l < kListeners; ++l) {
    config::Listener listener;
    listener.name = "l" + std::to_string(l);
    listener.address = "127.0.0.1";
    listener.port = 20'000 + l;
    for (unsigned r = 0; r < kRules; ++r) {
      char value[16];
      std::snprintf(value, sizeof value, "0x%04x", r);
      listener.rules.push_back({"r" + std::to_string(r),
                                {{0, 2, config::Operator::kEqual, value}},
                                "u" + std::to_string((l * 2 + r) % kUpstreams)});
    }
    config.listeners.push_back(std::move(listener));
  }
  return config;
}

config::ValidConfig Valid() {
  auto valid = config::Validate(MakeConfig());
  if (!std::holds_alternative<config::ValidConfig>(valid)) std::abort();
  return std::get<config::ValidConfig>(valid);
}

const std::vector<config::IpAddress> kLocal;

void Validation(benchmark::State& state) {
  const config::ProxyConfig config = MakeConfig();
  for (auto _ : state) benchmark::DoNotOptimize(config::Validate(config));
}

void FirstBuild(benchmark::State& state) {
  const config::ValidConfig valid = Valid();
  for (auto _ : state) {
    runtime::Registry registry{1};
    runtime::SnapshotBuilder builder{registry};
    const runtime::BuildInput input{valid, kLocal, Nanos{1}};
    builder.Register(input);
    benchmark::DoNotOptimize(builder.Build(input));
  }
}

void BuildAgain(benchmark::State& state) {
  const config::ValidConfig valid = Valid();
  runtime::Registry registry{1};
  runtime::SnapshotBuilder builder{registry};
  const runtime::BuildInput input{valid, kLocal, Nanos{1}};
  builder.Register(input);
  auto snapshot = builder.Build(input);
  for (auto _ : state) snapshot = builder.Build(input);
}

BENCHMARK(Validation)->Name("validation")->Unit(benchmark::kMillisecond);
BENCHMARK(FirstBuild)->Name("snapshot, first build")->Unit(benchmark::kMillisecond);
BENCHMARK(BuildAgain)->Name("snapshot, build again")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stevedore::bench
