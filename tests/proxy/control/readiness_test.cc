#include "proxy/control/readiness.h"

#include <gtest/gtest.h>

namespace stevedore::control {
namespace {

TEST(Readiness, WaitsForTheFirstConfig) {
  Readiness readiness;
  EXPECT_EQ(readiness.Reply().status, 503u);
  EXPECT_EQ(readiness.Reply().body, "no config was applied yet\n");
  readiness.SetListeners(0, 0);
  EXPECT_EQ(readiness.Reply().status, 200u);
  EXPECT_EQ(readiness.Reply().body, "ok\n");
}

TEST(Readiness, OneBoundListenerIsEnough) {
  Readiness readiness;
  readiness.SetListeners(3, 0);
  EXPECT_EQ(readiness.Reply().status, 503u);
  EXPECT_EQ(readiness.Reply().body, "none of 3 listeners is bound\n");
  readiness.SetListeners(3, 1);
  EXPECT_EQ(readiness.Reply().status, 200u);
}

TEST(Readiness, IsLostForGoodWhenDraining) {
  Readiness readiness;
  readiness.SetListeners(1, 1);
  readiness.SetDraining();
  readiness.SetListeners(1, 1);
  EXPECT_EQ(readiness.Reply().status, 503u);
  EXPECT_EQ(readiness.Reply().body, "draining: the process was told to end\n");
}

}  // namespace
}  // namespace stevedore::control
