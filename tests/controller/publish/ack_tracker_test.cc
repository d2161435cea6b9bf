#include "controller/publish/ack_tracker.h"

#include <gtest/gtest.h>

namespace stevedore::publish {
namespace {

using std::chrono::seconds;

const kube::Key kA{"n", "a"};
const kube::Key kB{"n", "b"};

std::shared_ptr<const api::StevedoreRoute> Route(std::int64_t port) {
  api::StevedoreRoute route;
  route.spec.listener.port = port;
  return std::make_shared<const api::StevedoreRoute>(route);
}

std::optional<config::ProxyStatus> Running(const std::string& digest) {
  config::ProxyStatus status;
  status.digest = digest;
  return status;
}

class AckTrackerTest : public testing::Test {
 protected:
  void Write(const std::string& digest, AckTracker::Routes routes) {
    tracker_.Compiled(std::move(routes));
    tracker_.Wrote(digest);
  }
  std::set<kube::Key> Held(const std::string& running) {
    return tracker_.Answer(Running(running), now_).held;
  }

  AckTracker tracker_;
  Nanos now_ = seconds(1000);
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
  tracker_.Compiled({{kA, Route(1)}, {kB, Route(3)}});
  const ProxyAnswer answer = tracker_.Answer(Running("1"), now_);
  EXPECT_EQ(answer.written_digest, "");
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

TEST_F(AckTrackerTest, IsOverdueAfterTheProxyStoodStillTooLong) {
  Write("1", {});
  EXPECT_FALSE(tracker_.Answer({}, now_).overdue);
  EXPECT_TRUE(tracker_.waiting());
  EXPECT_FALSE(tracker_.Answer({}, now_ + AckTracker::kPatience).overdue);
  now_ += AckTracker::kPatience + Nanos(1);
  EXPECT_TRUE(tracker_.Answer({}, now_).overdue);
  EXPECT_FALSE(tracker_.waiting()) << "time alone changes nothing any more";
  EXPECT_TRUE(tracker_.Answer({}, now_ + seconds(1)).overdue);
  EXPECT_FALSE(tracker_.Answer(Running("1"), now_ + seconds(2)).overdue);
  EXPECT_FALSE(tracker_.waiting());
}

TEST_F(AckTrackerTest, IsNotOverdueWhileTheProxyFollowsAStreamOfNews) {
  for (int i = 0; i < 100; ++i) {
    Write(std::to_string(i), {});
    EXPECT_FALSE(tracker_.Answer(Running(std::to_string(i - 1)), now_).overdue);
    now_ += seconds(1);
  }
}

TEST_F(AckTrackerTest, IsOverdueWhenAStreamOfNewsMeetsADeadProxy) {
  for (int i = 0; i < 12; ++i) {
    Write(std::to_string(i), {});
    EXPECT_EQ(tracker_.Answer(Running("x"), now_).overdue, i > 10) << i;
    now_ += seconds(1);
  }
}

}  // namespace
}  // namespace stevedore::publish
