// What the proxies say, of our own and of other replicas, becomes statuses.

#include <gtest/gtest.h>

#include <filesystem>

#include "controller/sync_loop.h"
#include "tests/controller/sync_loop_fixture.h"

namespace stevedore {
namespace {

TEST_F(SyncLoopTest, PublishesStatusesWhenTheProxyAnswers) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitFor("a", "Unknown/Pending"));
  const RouteUpdate update = sink_.Latest("a");
  EXPECT_EQ(update.uid, "u-a");
  EXPECT_EQ(update.resource_version, "1");
  EXPECT_EQ(update.status.controller_name, "ns/class");
  EXPECT_EQ(sink_.Of("a", "Accepted"), "True/Accepted");
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
  using Pair = std::pair<std::string, std::string>;
  EXPECT_TRUE(WaitUntil([&] { return loop_->numbers().routes[Pair("Programmed", "True")] == 1; }));
  EXPECT_FALSE(loop_->numbers().routes.contains(Pair("Programmed", "Unknown")));
}

TEST_F(SyncLoopTest, SaysSoWhenTheProxyIsOverdue) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitFor("a", "Unknown/Pending"));
  clock_.Advance(std::chrono::seconds(11));
  EXPECT_TRUE(WaitFor("a", "False/ProxyUnreachable"));
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

TEST_F(SyncLoopTest, SaysSoWhenTheProxyFallsSilent) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  clock_.Advance(std::chrono::seconds(31));
  EXPECT_TRUE(WaitFor("a", "False/ProxyUnreachable"));
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

TEST_F(SyncLoopTest, DoesNothingForASignOfLife) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  const int calls = sink_.calls();
  for (int i = 0; i < 10; ++i) {
    clock_.Advance(std::chrono::seconds(10));
    {
      const std::lock_guard lock(mutex_);
      ack_.changed_at = clock_.Now();
    }
    store_.Wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(sink_.calls(), calls);
}

TEST_F(SyncLoopTest, LeavesWhatStillRunsProgrammedWhenAConfigIsRefused) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  config::ProxyStatus refusal = *Ack().status;
  store_.Apply(Kind::kRoute, Route("b", 1002));
  ASSERT_TRUE(WaitForPorts("1001 1002"));
  refusal.last_attempt = {config::Digest(*ConfigIn(path_)), false, {{"x", "no"}}};
  SetAck(refusal);
  store_.Wake();
  EXPECT_TRUE(WaitFor("b", "False/ProxyRejected"));
  EXPECT_EQ(sink_.Of("a"), "True/Programmed");
}

TEST_F(SyncLoopTest, SpeaksForAllReplicas) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  ASSERT_TRUE(WaitUntil([&] { return replicas_.told().proxy == api::ProxyState::kRuns; }));
  publish::OtherReplicas others;
  others.live = {replicas_.told()};
  EXPECT_EQ(others.live[0].pod, "own");
  others.live[0].pod = "b";
  others.live[0].unbound["game/1001"] = "taken";
  replicas_.Set(others);
  EXPECT_TRUE(WaitFor("a", "False/BindFailed"));
  EXPECT_EQ(sink_.Latest("a").status.replicas_total, 2);
  others.live[0].unbound.clear();
  replicas_.Set(others);
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

TEST_F(SyncLoopTest, SaysNothingWhileTheReplicasSettle) {
  replicas_.Set({{}, true, "not listed"});
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Acknowledge();
  ASSERT_TRUE(WaitUntil([&] { return replicas_.told().proxy == api::ProxyState::kRuns; }));
  EXPECT_EQ(sink_.calls(), 0);
  replicas_.Set({{}, false, "not listed"});
  EXPECT_TRUE(WaitFor("a", "Unknown/Pending"));
  replicas_.Set({});
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

TEST_F(SyncLoopTest, LeavesARouteProgrammedWhileAnotherOneComes) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  sink_.Forget();
  store_.Apply(Kind::kRoute, Route("b", 1002));
  ASSERT_TRUE(WaitFor("b", "Unknown/Pending"));
  ASSERT_TRUE(WaitForPorts("1001 1002"));
  Acknowledge();
  ASSERT_TRUE(WaitFor("b", "True/Programmed"));
  EXPECT_FALSE(sink_.Saw("a Programmed=Unknown"));
  // A new spec of the route itself is another matter.
  store_.Apply(Kind::kRoute, Route("a", 1001, "2", "10.0.0.2"));
  EXPECT_TRUE(WaitFor("a", "Unknown/Pending"));
}

TEST_F(SyncLoopTest, DoesNotTakeTheFormerConfigForOneThatCouldNotBeWritten) {
  ASSERT_NO_FATAL_FAILURE(StartProgrammed());
  std::filesystem::rename(directory_, root_.path() + "/away");
  store_.Apply(Kind::kRoute, Route("a", 1001, "2", "10.0.0.2"));
  EXPECT_TRUE(WaitFor("a", "Unknown/Pending"));
  EXPECT_TRUE(WaitUntil([&] { return loop_->numbers().config_write_errors >= 2; }));
  std::filesystem::rename(root_.path() + "/away", directory_);
  EXPECT_TRUE(WaitUntil([&] {
    const auto config = ConfigIn(path_);
    return config && config->upstreams[0].peers[0].address == "10.0.0.2";
  }));
  EXPECT_EQ(sink_.Of("a"), "Unknown/Pending");
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

}  // namespace
}  // namespace stevedore
