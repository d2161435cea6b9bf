#include "controller/compile/tunables.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

const Tunables kAll = {
    1500, 5, 1, 2, 3, 4, 6, 7, {"10.0.0.0/8", "::/0"}, {"10.1.0.0/16"}, config::SourceRate{8, 9}};

TEST(Tunables, ApplyWhereSet) {
  EXPECT_EQ(WithTunables({}, {}), config::Listener{});
  const config::Listener listener = WithTunables({}, kAll);
  EXPECT_EQ(listener.max_datagram_bytes, 1500);
  EXPECT_EQ(listener.max_tries, 5);
  EXPECT_EQ(listener.session, (config::SessionSettings{1, 2, 3, 4, 6, 7}));
  EXPECT_EQ(listener.allow, kAll.allow);
  EXPECT_EQ(listener.deny, kAll.deny);
  EXPECT_EQ(listener.rate_limit, kAll.rate_limit);
}

TEST(Tunables, DifferencesAreThoseThatAreSetAndOther) {
  EXPECT_TRUE(Differences({}, WithTunables({}, kAll)).empty());
  EXPECT_TRUE(Differences(kAll, WithTunables({}, kAll)).empty());
  EXPECT_EQ(Differences(kAll, {}).size(), 11u);
  Tunables one;
  one.max_sessions = 5;
  EXPECT_EQ(Differences(one, {}), std::vector<std::string>{"session.maxSessions"});
}

TEST(Tunables, WhatMeansTheSameIsNoDifference) {
  config::Listener listener;
  listener.allow = {"::/0", "10.0.0.0/8"};
  listener.rate_limit = config::SourceRate{5, 5};
  Tunables wished;
  wished.allow = {"10.0.0.0/8", "::/0"};
  wished.rate_limit = config::SourceRate{5, std::nullopt};
  EXPECT_TRUE(Differences(wished, listener).empty());
  wished.allow.pop_back();
  wished.deny = {"10.0.0.0/8"};
  wished.rate_limit->burst = 6;
  EXPECT_EQ(Differences(wished, listener),
            (std::vector<std::string>{"listener.allow", "listener.deny", "listener.rateLimit"}));
}

}  // namespace
}  // namespace stevedore::compile
