// What a listener's lists and its rate limit cost a datagram.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <random>
#include <vector>

#include "proxy/config/cidr.h"
#include "proxy/runtime/access_list.h"
#include "proxy/worker/rate_limiter.h"

namespace stevedore::bench {
namespace {

constexpr std::size_t kClients = 4096;

// `ranges` in each list, clients in and out of them.
void Lists(benchmark::State& state) {
  const auto ranges = static_cast<std::uint32_t>(state.range(0));
  std::vector<config::Cidr> allow, deny;
  for (std::uint32_t i = 0; i < ranges; ++i) {
    allow.push_back({config::IpAddress::V4(0x0a000000u + (i << 16)), 112});
    deny.push_back({config::IpAddress::V4(0x0a000100u + (i << 16)), 120});
  }
  const runtime::AccessList list(allow, deny);
  std::mt19937 random(1);
  std::vector<config::IpAddress> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    const auto spread = static_cast<std::uint32_t>(random()) % (2 * ranges << 16);
    clients.push_back(config::IpAddress::V4(0x0a000000u + spread));
  }
  std::size_t at = 0;
  for (auto _ : state) benchmark::DoNotOptimize(list.Allows(clients[at++ % kClients]));
}
BENCHMARK(Lists)->Name("client lists")->ArgName("ranges")->Arg(1)->Arg(64);

// Each datagram of another one of so many sources.
void RateLimit(benchmark::State& state) {
  const auto sources = static_cast<std::uint32_t>(state.range(0));
  worker::RateLimiter limiter;
  limiter.Reserve();
  const runtime::TokenRate rate{10'000'000, 1'000'000'000};
  std::uint32_t at = 0;
  for (auto _ : state) {
    const auto client = config::IpAddress::V4(0x0b000000u + at++ % sources);
    benchmark::DoNotOptimize(
        limiter.Take(runtime::ListenerId{0}, client, rate, Nanos(std::int64_t{at} * 1000)));
  }
}
BENCHMARK(RateLimit)->Name("rate limit")->ArgName("sources")->Arg(1)->Arg(1000)->Arg(1'000'000);

}  // namespace
}  // namespace stevedore::bench
