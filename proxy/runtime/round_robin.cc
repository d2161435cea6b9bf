#include "proxy/runtime/round_robin.h"

#include <algorithm>
#include <numeric>

namespace stevedore::runtime {
namespace {

struct Turn {
  std::uint64_t numerator;  // position = numerator / (2 * weight)
  std::uint32_t weight;
  std::uint32_t peer;
};

}  // namespace

RoundRobinRing::RoundRobinRing(std::span<const std::uint32_t> weights) {
  std::uint32_t gcd = 0;
  for (const std::uint32_t weight : weights) gcd = std::gcd(gcd, weight);
  std::vector<Turn> turns;
  for (std::uint32_t peer = 0; peer < weights.size(); ++peer) {
    const std::uint32_t weight = weights[peer] / gcd;
    for (std::uint64_t k = 0; k < weight; ++k) turns.push_back({2 * k + 1, weight, peer});
  }
  std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) {
    const std::uint64_t left = a.numerator * b.weight;
    const std::uint64_t right = b.numerator * a.weight;
    return left != right ? left < right : a.peer < b.peer;
  });
  turns_.reserve(turns.size());
  for (const Turn& turn : turns) turns_.push_back(turn.peer);
}

}  // namespace stevedore::runtime
