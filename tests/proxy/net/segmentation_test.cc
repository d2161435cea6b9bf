#include "proxy/net/segmentation.h"

#include <gtest/gtest.h>

namespace stevedore::net {
namespace {

TEST(Segmentation, KnowsTheKernelsThatMangle) {
  for (const char* bad :
       {"7.0.0", "7.0.14-pve", "7.0.0-rc1", "7.1", "7.1.0-rc5", "7.1.4-1-generic"})
    EXPECT_TRUE(KernelMangles(bad)) << bad;
  for (const char* good :
       {"7.1.5", "7.2.0", "6.18.44-fc", "6.1.0-28-amd64", "8.0", "70.1.2", "", "x"})
    EXPECT_FALSE(KernelMangles(good)) << good;
}

TEST(Segmentation, WorksOnThisMachine) {
  EXPECT_TRUE(SegmentsArrive());
  EXPECT_EQ(WhyNoSegments(), "");
}

}  // namespace
}  // namespace stevedore::net
