#include "proxy/report/names.h"

#include <gtest/gtest.h>

namespace stevedore::report {
namespace {

TEST(Names, SplitsWhatTheControllerNames) {
  EXPECT_EQ(Split("game/kcp/v1"), (SplitName{"game", "kcp", "v1"}));
  EXPECT_EQ(Split("game/kcp/a/b"), (SplitName{"game", "kcp", "a/b"}));
}

TEST(Names, LeavesOthersWhole) {
  for (const char* name : {"", "v1", "game/kcp"}) EXPECT_EQ(Split(name), (SplitName{"", "", name}));
}

}  // namespace
}  // namespace stevedore::report
