#include "controller/compile/tunables.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

const Tunables kAll = {1500, 5, 1, 2, 3, 4, 6};

TEST(Tunables, ApplyWhereSet) {
  EXPECT_EQ(WithTunables({}, {}), config::Listener{});
  const config::Listener listener = WithTunables({}, kAll);
  EXPECT_EQ(listener.max_datagram_bytes, 1500);
  EXPECT_EQ(listener.max_tries, 5);
  EXPECT_EQ(listener.session, (config::SessionSettings{1, 2, 3, 4, 6}));
}

TEST(Tunables, DifferencesAreThoseThatAreSetAndOther) {
  EXPECT_TRUE(Differences({}, WithTunables({}, kAll)).empty());
  EXPECT_TRUE(Differences(kAll, WithTunables({}, kAll)).empty());
  EXPECT_EQ(Differences(kAll, {}).size(), 7u);
  Tunables one;
  one.max_sessions = 5;
  EXPECT_EQ(Differences(one, {}), std::vector<std::string>{"session.maxSessions"});
}

}  // namespace
}  // namespace stevedore::compile
