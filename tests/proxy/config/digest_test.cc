#include "proxy/config/digest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/proxy/config/sample.h"

namespace stevedore::config {
namespace {

TEST(Digest, HasItsForm) {
  EXPECT_THAT(Digest(SampleConfig()), ::testing::MatchesRegex("sha256:[0-9a-f]+"));
  EXPECT_EQ(Digest(SampleConfig()).size(), 7u + 64u);
}

// The digest is what sha256sum says of the canonical text.
TEST(Digest, IsThatOfTheCanonicalText) {
  EXPECT_EQ(Digest(ProxyConfig()),
            "sha256:fbb5339d204a474a211c1cbbcf7d4ae219e5468bd43ba7a6ee3be2671b4f8c3b");
}

TEST(Digest, ChangesWithTheMeaningOnly) {
  ProxyConfig config = SampleConfig();
  const std::string digest = Digest(config);
  config.upstreams[0].affinity = EffectiveAffinity(config.upstreams[0]);
  EXPECT_EQ(Digest(config), digest);
  config.upstreams[0].peers[0].draining = true;
  EXPECT_NE(Digest(config), digest);
}

}  // namespace
}  // namespace stevedore::config
