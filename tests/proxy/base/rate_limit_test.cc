#include "proxy/base/rate_limit.h"

#include <gtest/gtest.h>

#include <memory>

namespace stevedore {
namespace {

TEST(RateLimit, OnePerIntervalAndTheRestCounted) {
  struct Case {
    int second;
    std::optional<std::uint64_t> allowed;
  };
  const Case cases[] = {{0, 0},  // the first one passes, whatever the time
                        {1, {}}, {2, {}}, {9, {}}, {10, 3}, {19, {}}, {1000, 1}, {2000, 0}};
  const auto limit = std::make_unique<RateLimit>(std::chrono::seconds(10));
  for (const Case& c : cases)
    EXPECT_EQ(limit->Allow(std::chrono::seconds(c.second)), c.allowed) << c.second;
}

}  // namespace
}  // namespace stevedore
