#include "proxy/base/local_addresses.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace stevedore {
namespace {

TEST(LocalAddresses, HoldLoopbackInTheMappedForm) {
  const std::array<std::uint8_t, 16> loopback{0, 0, 0,    0,    0,   0, 0, 0,
                                              0, 0, 0xff, 0xff, 127, 0, 0, 1};
  const auto found = LocalAddresses();
  ASSERT_TRUE(found) << found.error().detail;
  const auto& addresses = *found;
  EXPECT_EQ(std::count(addresses.begin(), addresses.end(), loopback), 1);
}

TEST(LocalAddresses, AreSortedAndEachIsThereOnce) {
  const auto found = LocalAddresses();
  ASSERT_TRUE(found) << found.error().detail;
  const auto& addresses = *found;
  EXPECT_TRUE(std::is_sorted(addresses.begin(), addresses.end()));
  EXPECT_EQ(std::adjacent_find(addresses.begin(), addresses.end()), addresses.end());
}

}  // namespace
}  // namespace stevedore
