#include "proxy/config/model.h"

namespace stevedore::config {

Affinity EffectiveAffinity(const Upstream& upstream) noexcept {
  if (upstream.affinity) return *upstream.affinity;
  return upstream.algorithm == Algorithm::kRoundRobin ? Affinity::kFlow : Affinity::kNone;
}

}  // namespace stevedore::config
