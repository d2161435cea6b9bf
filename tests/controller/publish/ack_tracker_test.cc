#include "controller/publish/ack_tracker.h"

#include <gtest/gtest.h>

namespace stevedore::publish {
namespace {

using api::ProxyState;
using std::chrono::seconds;

const kube::Key kA{"n", "a"};
const kube::Key kB{"n", "b"};

std::shared_ptr<const api::StevedoreRoute> Route(std::int64_t port) {
  api::StevedoreRoute route;
  route.spec.listener.port = port;
  return std::make_shared<const api::StevedoreRoute>(route);
}

class AckTrackerTest : public testing::Test {
 protected:
  void Compile(Routes routes) { tracker_.Compiled(MakeRouteSet(std::move(routes))); }
  void Write(const std::string& digest, Routes routes) {
    Compile(std::move(routes));
    tracker_.Wrote(digest);
  }
  // The answer of a live proxy that runs this config.
  Ack Running(const std::string& digest) {
    status_.digest = digest;
    return Alive();
  }
  Ack Alive() { return {std::make_shared<const config::ProxyStatus>(status_), now_}; }
  std::set<kube::Key> Held(const std::string& running) {
    return tracker_.Answer(Running(running), now_).held;
  }
  ProxyState State(const Ack& ack) { return tracker_.Answer(ack, now_).report.proxy; }

  AckTracker tracker_{{"pod-1", "node-1"}};
  Nanos now_ = seconds(1000);
  config::ProxyStatus status_;
};

TEST_F(AckTrackerTest, KnowsWhatEveryWrittenConfigHolds) {
  Write("1", {{kA, Route(1)}});
  EXPECT_EQ(Held("0"), std::set<kube::Key>{});
  EXPECT_EQ(Held("1"), std::set<kube::Key>{kA});
  Write("2", {{kA, Route(1)}, {kB, Route(2)}});
  EXPECT_EQ(Held("1"), std::set<kube::Key>{kA});
  Write("3", {{kA, Route(9)}, {kB, Route(2)}});
  EXPECT_EQ(Held("1"), std::set<kube::Key>{}) << "a has another spec";
  EXPECT_EQ(Held("2"), std::set<kube::Key>{kB});
  EXPECT_EQ(Held("3"), (std::set<kube::Key>{kA, kB}));
  EXPECT_EQ(Held("2"), std::set<kube::Key>{}) << "gone from memory: the proxy went on";
}

TEST_F(AckTrackerTest, ComparesWithWhatIsCompiledAlsoWhenItCannotBeWritten) {
  Write("1", {{kA, Route(1)}, {kB, Route(2)}});
  Compile({{kA, Route(1)}, {kB, Route(3)}});
  const ReplicaAnswer answer = tracker_.Answer(Running("1"), now_);
  EXPECT_EQ(answer.report.proxy, ProxyState::kUnwritten);
  EXPECT_EQ(answer.held, std::set<kube::Key>{kA});
}

TEST_F(AckTrackerTest, SeesAConfigThatComesBack) {
  Write("1", {{kA, Route(1)}});
  Write("2", {{kA, Route(2)}});
  Write("1", {{kA, Route(1)}});
  EXPECT_EQ(Held("1"), std::set<kube::Key>{kA});
}

TEST_F(AckTrackerTest, RemembersTheRunningConfigHoweverManyCameAfterIt) {
  Write("0", {{kA, Route(1)}});
  EXPECT_EQ(Held("0"), std::set<kube::Key>{kA});
  for (int i = 1; i <= 100; ++i) Write(std::to_string(i), {{kA, Route(1)}});
  EXPECT_EQ(Held("0"), std::set<kube::Key>{kA});
  EXPECT_EQ(Held("99"), std::set<kube::Key>{kA});
}

TEST_F(AckTrackerTest, IsLateAfterTheProxyStoodStillTooLong) {
  Write("1", {});
  EXPECT_EQ(State({}), ProxyState::kPending);
  EXPECT_TRUE(tracker_.Due({}, now_));
  now_ += AckTracker::kPatience;
  EXPECT_EQ(State({}), ProxyState::kPending);
  now_ += Nanos(1);
  EXPECT_EQ(State({}), ProxyState::kSilent) << "it never answered";
  EXPECT_FALSE(tracker_.Due({}, now_)) << "time alone changes nothing any more";
  EXPECT_EQ(State(Running("0")), ProxyState::kPending) << "alive, and behind";
  now_ += AckTracker::kPatience + Nanos(1);
  EXPECT_EQ(State(Running("0")), ProxyState::kLate);
  EXPECT_EQ(State(Running("1")), ProxyState::kRuns);
  EXPECT_FALSE(tracker_.Due(Running("1"), now_));
}

TEST_F(AckTrackerTest, IsNotLateWhileTheProxyFollowsAStreamOfNews) {
  for (int i = 0; i < 100; ++i) {
    Write(std::to_string(i), {});
    EXPECT_EQ(State(Running(std::to_string(i - 1))), ProxyState::kPending);
    now_ += seconds(1);
  }
}

TEST_F(AckTrackerTest, IsLateWhenAStreamOfNewsMeetsAProxyThatStandsStill) {
  for (int i = 0; i < 12; ++i) {
    Write(std::to_string(i), {});
    EXPECT_EQ(State(Running("x")), i > 10 ? ProxyState::kLate : ProxyState::kPending) << i;
    now_ += seconds(1);
  }
}

TEST_F(AckTrackerTest, HearsWhenTheProxyFallsSilentAndWhenItIsBack) {
  Write("1", {{kA, Route(1)}});
  const Ack last = Running("1");
  EXPECT_EQ(State(last), ProxyState::kRuns);
  now_ += AckTracker::kSilence;
  EXPECT_FALSE(tracker_.Due(last, now_));
  now_ += Nanos(1);
  EXPECT_TRUE(tracker_.Due(last, now_));
  EXPECT_EQ(State(last), ProxyState::kSilent);
  EXPECT_FALSE(tracker_.Due(last, now_));
  EXPECT_TRUE(tracker_.Due(Running("1"), now_));
  EXPECT_EQ(State(Running("1")), ProxyState::kRuns);
}

TEST_F(AckTrackerTest, TellsARefusalAndWhatStillRuns) {
  Write("1", {{kA, Route(1)}});
  ASSERT_EQ(Held("1"), std::set<kube::Key>{kA});
  Write("2", {{kA, Route(1)}, {kB, Route(0)}});
  status_.last_attempt = {"2", false, {{"listeners[1].port", "0: must be 1 to 65535"}, {"x", "y"}}};
  const ReplicaAnswer answer = tracker_.Answer(Alive(), now_);
  EXPECT_EQ(answer.report.proxy, ProxyState::kRejected);
  EXPECT_EQ(answer.report.refusal, "listeners[1].port: 0: must be 1 to 65535");
  EXPECT_EQ(answer.held, std::set<kube::Key>{kA});
  status_.last_attempt.digest = "an older one";
  EXPECT_EQ(State(Alive()), ProxyState::kPending);
}

TEST_F(AckTrackerTest, ReportsListenersAndUpstreams) {
  Write("1", {{kA, Route(1)}});
  status_.listeners = {{"n/1", true, ""}, {"n/2", false, "taken"}};
  status_.upstreams = {{"n/a/u", 3, 3, 2, 0, 2, false}};
  const api::ReplicaReport report = tracker_.Answer(Running("1"), now_).report;
  EXPECT_EQ(report.pod, "pod-1");
  EXPECT_EQ(report.node, "node-1");
  EXPECT_EQ(report.digest, "1");
  EXPECT_EQ(report.routes, MakeRouteSet({{kA, Route(1)}})->digest);
  EXPECT_EQ(report.picture, MakeRouteSet({{kA, Route(1)}})->picture);
  EXPECT_EQ(report.unbound, (std::map<std::string, std::string>{{"n/2", "taken"}}));
  EXPECT_EQ(report.upstreams.at("n/a/u").healthy, 2);
  EXPECT_EQ(tracker_.Answer(Running("unknown"), now_).report.routes, "");
}

}  // namespace
}  // namespace stevedore::publish
