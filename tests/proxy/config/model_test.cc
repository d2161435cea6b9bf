#include "proxy/config/model.h"

#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

TEST(EffectiveAffinity, FollowsTheAlgorithmWhenUnset) {
  Upstream upstream;
  EXPECT_EQ(EffectiveAffinity(upstream), Affinity::kFlow);
  upstream.algorithm = Algorithm::kConsistentHash;
  EXPECT_EQ(EffectiveAffinity(upstream), Affinity::kNone);
}

TEST(EffectiveAffinity, IsTheOneThatIsSet) {
  Upstream upstream;
  for (const Affinity affinity : {Affinity::kNone, Affinity::kFlow, Affinity::kKey}) {
    upstream.affinity = affinity;
    EXPECT_EQ(EffectiveAffinity(upstream), affinity);
  }
}

TEST(EffectiveBurst, IsOneSecondsWorthWhenUnset) {
  EXPECT_EQ(EffectiveBurst({50, std::nullopt}), 50);
  EXPECT_EQ(EffectiveBurst({50, 7}), 7);
}

}  // namespace
}  // namespace stevedore::config
