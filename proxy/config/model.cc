#include "proxy/config/model.h"

namespace stevedore::config {

Affinity EffectiveAffinity(const Upstream& upstream) noexcept {
  if (upstream.affinity) return *upstream.affinity;
  return upstream.algorithm == Algorithm::kRoundRobin ? Affinity::kFlow : Affinity::kNone;
}

std::int64_t EffectiveBurst(const SourceRate& rate) noexcept {
  return rate.burst.value_or(rate.datagrams_per_second);
}

}  // namespace stevedore::config
