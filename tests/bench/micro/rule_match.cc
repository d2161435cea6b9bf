// The rules' lookup by how many they are and by how many shapes (range and mask) they have.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "proxy/runtime/rule_matcher.h"

namespace stevedore::bench {
namespace {

constexpr unsigned kShapes = 64;  // of a listener, at the most
using Datagram = std::array<std::uint8_t, 128>;

struct Case {
  runtime::RuleMatcher matcher;
  std::vector<Datagram> datagrams;  // each fulfils one rule, any of them
};

// Rule i compares four bytes, its number, from the offset i modulo `shapes` on.
Case MakeCase(unsigned rules, unsigned shapes) {
  std::vector<config::Rule> list;
  for (unsigned i = 0; i < rules; ++i) {
    char value[16];
    std::snprintf(value, sizeof value, "0x%08x", 0x80000000u + i);
    const std::int64_t start = i % shapes;
    list.push_back({std::to_string(i), {{start, start + 4, config::Operator::kEqual, value}}, "u"});
  }
  Case made{runtime::RuleMatcher(list), std::vector<Datagram>(1024)};
  std::mt19937 random(1);
  for (Datagram& datagram : made.datagrams) {
    const auto rule = static_cast<std::uint32_t>(random() % rules);
    const std::uint32_t value = 0x80000000u + rule;
    for (unsigned byte = 0; byte < 4; ++byte)
      datagram[rule % shapes + byte] = static_cast<std::uint8_t>(value >> (24 - 8 * byte));
  }
  return made;
}

void Match(benchmark::State& state) {
  const Case made =
      MakeCase(static_cast<unsigned>(state.range(0)), static_cast<unsigned>(state.range(1)));
  std::size_t next = 0;
  for (auto _ : state) {
    const std::uint32_t rule = made.matcher.Find(made.datagrams[next]);
    if (rule == runtime::RuleMatcher::kNoRule) state.SkipWithError("a datagram matched nothing");
    benchmark::DoNotOptimize(rule);
    next = (next + 1) % made.datagrams.size();
  }
}

BENCHMARK(Match)
    ->Name("rule match")
    ->ArgNames({"rules", "shapes"})
    ->ArgsProduct({{1, 10, 100, 1000}, {1}});
BENCHMARK(Match)->Name("rule match")->ArgNames({"rules", "shapes"})->ArgsProduct({{10}, {10}});
BENCHMARK(Match)
    ->Name("rule match")
    ->ArgNames({"rules", "shapes"})
    ->ArgsProduct({{100, 1000}, {kShapes}});

}  // namespace
}  // namespace stevedore::bench
