#include "controller/publish/replica_tracker.h"

#include <gtest/gtest.h>

namespace stevedore::publish {
namespace {

using api::ProxyState;
using std::chrono::seconds;
using Keys = std::set<kube::Key>;

const kube::Key kA{"n", "a"};
const kube::Key kB{"n", "b"};

// The set of these generations of a and b; 0: without it.
std::shared_ptr<const RouteSet> Set(std::int64_t a, std::int64_t b) {
  Routes routes;
  for (const auto& [key, generation] : {std::pair{kA, a}, std::pair{kB, b}}) {
    if (generation == 0) continue;
    api::StevedoreRoute route;
    route.meta.generation = generation;
    route.spec.listener.port = generation;
    routes[key] = std::make_shared<const api::StevedoreRoute>(route);
  }
  return MakeRouteSet(std::move(routes));
}

class ReplicaTrackerTest : public testing::Test {
 protected:
  static api::ReplicaReport Report(const std::string& routes, const std::string& pod = "p") {
    api::ReplicaReport report;
    report.pod = pod;
    report.proxy = ProxyState::kRuns;
    report.digest = "d";
    report.routes = routes;
    return report;
  }
  ReplicaAnswer Answer(const std::string& routes) {
    return tracker_.Answers({Report(routes)}, now_).front();
  }

  ReplicaTracker tracker_;
  Nanos now_ = seconds(1000);
};

TEST_F(ReplicaTrackerTest, KnowsAReplicaInStep) {
  tracker_.Compiled(Set(1, 1));
  const ReplicaAnswer answer = Answer(Set(1, 1)->digest);
  EXPECT_EQ(answer.held, (Keys{kA, kB}));
  EXPECT_EQ(answer.report.proxy, ProxyState::kRuns);
  EXPECT_FALSE(tracker_.waiting());
}

TEST_F(ReplicaTrackerTest, KnowsWhatAReplicaBehindHolds) {
  tracker_.Compiled(Set(1, 1));
  tracker_.Compiled(Set(1, 2));
  EXPECT_EQ(Answer(Set(1, 1)->digest).held, Keys{kA});
  EXPECT_TRUE(tracker_.waiting());
  EXPECT_EQ(Answer(Set(1, 2)->digest).held, (Keys{kA, kB}));
  EXPECT_FALSE(tracker_.waiting());
}

TEST_F(ReplicaTrackerTest, ExpectsNothingOfAReplicaItDoesNotKnow) {
  tracker_.Compiled(Set(1, 1));
  EXPECT_EQ(Answer("").held, Keys{});
  EXPECT_EQ(Answer("something").held, Keys{});
}

TEST_F(ReplicaTrackerTest, TrustsWhatWasKnownForAWhile) {
  tracker_.Compiled(Set(1, 1));
  Answer(Set(1, 1)->digest);
  tracker_.Compiled(Set(1, 2));
  // It met other events on its way than we did.
  EXPECT_EQ(Answer("unseen here").held, Keys{kA});
  now_ += ReplicaTracker::kPatience;
  EXPECT_EQ(Answer("unseen here").held, Keys{kA});
  now_ += Nanos(1);
  const ReplicaAnswer late = Answer("unseen here");
  EXPECT_EQ(late.held, Keys{});
  EXPECT_EQ(late.report.proxy, ProxyState::kLate);
  EXPECT_FALSE(tracker_.waiting());
  EXPECT_EQ(Answer(Set(1, 2)->digest).held, (Keys{kA, kB}));
}

TEST_F(ReplicaTrackerTest, IsLateOnlyWhenItStandsStill) {
  tracker_.Compiled(Set(1, 1));
  tracker_.Compiled(Set(2, 2));
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(Answer(std::to_string(i)).report.proxy, ProxyState::kRuns) << i;
    now_ += seconds(5);
  }
  EXPECT_EQ(Answer(Set(1, 1)->digest).report.proxy, ProxyState::kRuns);
  now_ += seconds(11);
  const ReplicaAnswer behind = Answer(Set(1, 1)->digest);
  EXPECT_EQ(behind.report.proxy, ProxyState::kLate);
}

TEST_F(ReplicaTrackerTest, LeavesWhatTheReplicaItselfSaysIsWrong) {
  tracker_.Compiled(Set(1, 1));
  api::ReplicaReport report = Report("other");
  report.proxy = ProxyState::kRejected;
  tracker_.Answers({report}, now_);
  now_ += seconds(60);
  EXPECT_EQ(tracker_.Answers({report}, now_).front().report.proxy, ProxyState::kRejected);
}

TEST_F(ReplicaTrackerTest, RecognisesAReplicaThatJudgesRoutesDifferently) {
  const auto ours = Set(1, 1);
  tracker_.Compiled(ours);
  api::ReplicaReport other = Report("it accepts a alone");
  other.picture = ours->picture;
  other.refused = {"n/b"};
  now_ += seconds(1);
  EXPECT_EQ(tracker_.Answers({other}, now_).front().held, Keys{kA});
  EXPECT_FALSE(tracker_.waiting());
  now_ += seconds(60);
  const ReplicaAnswer still = tracker_.Answers({other}, now_).front();
  EXPECT_EQ(still.held, Keys{kA});
  EXPECT_EQ(still.report.proxy, ProxyState::kRuns);
  other.refused_cut = 1;
  other.pod = "q";
  EXPECT_EQ(tracker_.Answers({other}, now_).front().held, Keys{}) << "which, nobody knows";
}

TEST_F(ReplicaTrackerTest, ForgetsReplicasThatAreGone) {
  tracker_.Compiled(Set(1, 1));
  tracker_.Answers({Report(Set(1, 1)->digest, "p"), Report("x", "q")}, now_);
  EXPECT_TRUE(tracker_.waiting());
  tracker_.Answers({Report(Set(1, 1)->digest, "p")}, now_);
  EXPECT_FALSE(tracker_.waiting());
  EXPECT_EQ(tracker_.Answers({}, now_).size(), 0u);
  EXPECT_EQ(Answer("unseen").held, Keys{}) << "a namesake is another one";
}

}  // namespace
}  // namespace stevedore::publish
