#include "controller/publish/leader_election.h"

#include <gtest/gtest.h>

#include <functional>

namespace stevedore::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kWall = "2026-01-01T00:00:00.000000Z";
constexpr const char* kLater = "2026-01-01T00:00:02.000000Z";

api::Lease HeldBy(const std::string& holder, const std::string& version = "7") {
  api::Lease lease;
  lease.key = {"edge", "leader"};
  lease.uid = "u";
  lease.resource_version = version;
  lease.holder = holder;
  lease.duration_seconds = 15;
  lease.acquire_time = "2025-12-31T23:00:00.000000Z";
  lease.renew_time = "2025-12-31T23:59:59.000000Z";
  lease.transitions = 4;
  return lease;
}

const Error kMissing{Errc::kNotFound, "HTTP 404"};
const Error kConflict{Errc::kConflict, "HTTP 409"};
const Error kSilent{Errc::kUnavailable, "no answer"};

class LeaderElectionTest : public testing::Test {
 protected:
  // What the server makes of a write.
  static api::Lease Stored(api::Lease lease, const std::string& version) {
    lease.resource_version = version;
    return lease;
  }
  // Reads `lease`, writes what is wanted then.
  void Acquire(const api::Lease& lease = HeldBy("")) {
    election_.Read(lease, now_);
    const auto wanted = election_.Wanted(now_, kWall);
    ASSERT_TRUE(wanted);
    election_.Wrote(Stored(*wanted, "8"), now_, now_);
    ASSERT_TRUE(election_.MayWrite(now_));
  }
  bool Wants() { return election_.Wanted(now_, kWall).has_value(); }

  Nanos now_ = std::chrono::hours(5);
  LeaderElection election_{{"edge", "leader"}, "me_1"};
};

TEST_F(LeaderElectionTest, KnowsNothingAtFirst) {
  EXPECT_TRUE(election_.needs_read());
  EXPECT_FALSE(Wants());
  EXPECT_FALSE(election_.MayWrite(now_));
  EXPECT_FALSE(election_.Released(kWall));
}

TEST_F(LeaderElectionTest, CreatesTheLeaseThatIsMissing) {
  election_.Read(kMissing, now_);
  const auto wanted = election_.Wanted(now_, kWall);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->key, (kube::Key{"edge", "leader"}));
  EXPECT_EQ(wanted->resource_version, "");
  EXPECT_EQ(wanted->holder, "me_1");
  EXPECT_EQ(wanted->duration_seconds, 15);
  EXPECT_EQ(wanted->acquire_time, kWall);
  EXPECT_EQ(wanted->renew_time, kWall);
  EXPECT_EQ(wanted->transitions, 0);
}

TEST_F(LeaderElectionTest, TakesAFreeLeaseAtOnce) {
  election_.Read(HeldBy(""), now_);
  const auto wanted = election_.Wanted(now_, kWall);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->resource_version, "7");
  EXPECT_EQ(wanted->uid, "u");
  EXPECT_EQ(wanted->holder, "me_1");
  EXPECT_EQ(wanted->acquire_time, kWall);
  EXPECT_EQ(wanted->transitions, 5);
}

TEST_F(LeaderElectionTest, LeavesAHeldLeaseUntilItRestsForItsDuration) {
  const Nanos seen = now_;
  election_.Read(HeldBy("other"), now_);
  for (const milliseconds after : {milliseconds(0), milliseconds(8000), milliseconds(14999)}) {
    now_ = seen + after;
    election_.Read(HeldBy("other"), now_);
    EXPECT_FALSE(Wants()) << after.count();
  }
  now_ = seen + seconds(15);
  election_.Read(HeldBy("other"), now_);
  const auto wanted = election_.Wanted(now_, kWall);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->transitions, 5);
  EXPECT_EQ(wanted->acquire_time, kWall);
}

// Whoever holds it may have a clock that is an hour off, either way: only change counts.
TEST_F(LeaderElectionTest, DoesNotCompareClocks) {
  for (const char* renewed : {"2026-01-01T01:00:00.000000Z", "2025-12-31T23:00:00.000000Z",
                              "1970-01-01T00:00:00.000000Z", "", "nonsense"}) {
    LeaderElection election({"edge", "leader"}, "me_1");
    api::Lease lease = HeldBy("other");
    lease.renew_time = renewed;
    election.Read(lease, now_);
    EXPECT_FALSE(election.Wanted(now_, kWall)) << renewed;
    EXPECT_FALSE(election.Wanted(now_ + milliseconds(14999), kWall)) << renewed;
    EXPECT_TRUE(election.Wanted(now_ + seconds(15), kWall)) << renewed;
  }
}

TEST_F(LeaderElectionTest, AnyChangeOfTheRecordIsASignOfLife) {
  const std::vector<std::pair<std::function<void(api::Lease&)>, bool>> table = {
      {[](api::Lease& lease) { lease.renew_time = kWall; }, true},
      {[](api::Lease& lease) { lease.renew_time = "1970-01-01T00:00:00.000000Z"; }, true},
      {[](api::Lease& lease) { lease.acquire_time = kWall; }, true},
      {[](api::Lease& lease) { lease.holder = "third"; }, true},
      {[](api::Lease& lease) { lease.transitions = 5; }, true},
      {[](api::Lease&) {}, false},
      {[](api::Lease& lease) { lease.resource_version = "9"; }, false},
      {[](api::Lease& lease) { lease.labels["by"] = "somebody"; }, false},
  };
  for (std::size_t i = 0; i < table.size(); ++i) {
    LeaderElection election({"edge", "leader"}, "me_1");
    api::Lease lease = HeldBy("other");
    election.Read(lease, now_);
    table[i].first(lease);
    election.Read(lease, now_ + seconds(14));
    EXPECT_EQ(election.Wanted(now_ + seconds(15), kWall).has_value(), !table[i].second) << i;
    EXPECT_TRUE(election.Wanted(now_ + seconds(29), kWall)) << i;
  }
}

TEST_F(LeaderElectionTest, TheRecordSaysHowLongItLasts) {
  const std::vector<std::pair<std::int64_t, seconds>> table = {{60, seconds(60)},
                                                               {1, seconds(1)},
                                                               {0, seconds(15)},
                                                               {-5, seconds(15)},
                                                               {INT64_MAX, seconds(3600)}};
  for (const auto& [told, lasts] : table) {
    LeaderElection election({"edge", "leader"}, "me_1");
    api::Lease lease = HeldBy("other");
    lease.duration_seconds = told;
    election.Read(lease, now_);
    EXPECT_FALSE(election.Wanted(now_ + lasts - Nanos(1), kWall)) << told;
    const auto wanted = election.Wanted(now_ + lasts, kWall);
    ASSERT_TRUE(wanted) << told;
    EXPECT_EQ(wanted->duration_seconds, 15) << told;
  }
}

TEST_F(LeaderElectionTest, RenewsWithoutReading) {
  Acquire();
  EXPECT_FALSE(election_.needs_read());
  now_ += seconds(2);
  const auto wanted = election_.Wanted(now_, kLater);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->resource_version, "8");
  EXPECT_EQ(wanted->acquire_time, kWall);
  EXPECT_EQ(wanted->renew_time, kLater);
  EXPECT_EQ(wanted->transitions, 5);
}

TEST_F(LeaderElectionTest, WritesUntilTenSecondsAfterTheRenewalWasSent) {
  Acquire();
  const Nanos sent = now_ + seconds(2);
  now_ = sent + seconds(4);  // the answer took so long
  election_.Wrote(Stored(*election_.Wanted(sent, kLater), "9"), sent, now_);
  EXPECT_EQ(election_.writes_until(), sent + seconds(10));
  EXPECT_TRUE(election_.MayWrite(sent + seconds(10) - Nanos(1)));
  EXPECT_FALSE(election_.MayWrite(sent + seconds(10)));
}

TEST_F(LeaderElectionTest, AHolderThatCannotRenewStopsAndMayComeBack) {
  Acquire();
  const Nanos sent = now_;
  for (const seconds after : {seconds(2), seconds(6), seconds(11)}) {
    now_ = sent + after;
    election_.Wrote(kSilent, now_, now_);
    EXPECT_TRUE(election_.needs_read());
    election_.Read(kSilent, now_);
    EXPECT_FALSE(Wants());
    EXPECT_EQ(election_.MayWrite(now_), after < seconds(10));
  }
  // Nobody took it meanwhile.
  now_ = sent + seconds(12);
  election_.Read(Stored(HeldBy("me_1"), "8"), now_);
  const auto wanted = election_.Wanted(now_, kLater);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->transitions, 4) << "it was ours all the time";
  EXPECT_FALSE(election_.MayWrite(now_)) << "to read is not to renew";
  election_.Wrote(Stored(*wanted, "9"), now_, now_);
  EXPECT_TRUE(election_.MayWrite(now_));
}

TEST_F(LeaderElectionTest, ALostRaceIsReadAgain) {
  election_.Read(HeldBy(""), now_);
  election_.Wrote(kConflict, now_, now_);
  EXPECT_FALSE(election_.MayWrite(now_));
  EXPECT_FALSE(Wants()) << "what it knows is old";
  EXPECT_TRUE(election_.needs_read());
  election_.Read(HeldBy("faster", "8"), now_);
  EXPECT_FALSE(Wants());
  EXPECT_EQ(election_.holder(), "faster");
}

TEST_F(LeaderElectionTest, AConflictOfTheHolderIsLookedAt) {
  Acquire();
  const Nanos sent = now_;
  now_ += seconds(2);
  // Somebody set a label: still ours.
  election_.Wrote(kConflict, now_, now_);
  EXPECT_TRUE(election_.MayWrite(now_));
  election_.Read(Stored(HeldBy("me_1"), "9"), now_);
  ASSERT_TRUE(Wants());
  EXPECT_EQ(election_.Wanted(now_, kLater)->resource_version, "9");
  EXPECT_EQ(election_.writes_until(), sent + seconds(10));
  // Somebody took it, whatever the time: ours no longer.
  election_.Wrote(kConflict, now_, now_);
  election_.Read(HeldBy("other", "10"), now_);
  EXPECT_FALSE(election_.MayWrite(now_));
  EXPECT_FALSE(Wants());
}

// kill -STOP, half a minute, kill -CONT.
TEST_F(LeaderElectionTest, AfterAPauseItWritesNothing) {
  Acquire();
  now_ += seconds(30);
  EXPECT_FALSE(election_.MayWrite(now_));
  ASSERT_TRUE(Wants()) << "the version says whether it is still ours";
  EXPECT_EQ(election_.Wanted(now_, kLater)->resource_version, "8");
  election_.Wrote(kConflict, now_, now_);
  election_.Read(HeldBy("other", "10"), now_);
  EXPECT_FALSE(election_.MayWrite(now_));
  EXPECT_FALSE(Wants());
}

TEST_F(LeaderElectionTest, AnUnansweredWriteMayHaveBeenDone) {
  election_.Read(HeldBy(""), now_);
  ASSERT_TRUE(Wants());
  election_.Wrote(kSilent, now_, now_ + seconds(5));
  now_ += seconds(5);
  election_.Read(HeldBy("me_1", "8"), now_);
  EXPECT_FALSE(election_.MayWrite(now_));
  const auto wanted = election_.Wanted(now_, kLater);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->transitions, 4);
  election_.Wrote(Stored(*wanted, "9"), now_, now_);
  EXPECT_TRUE(election_.MayWrite(now_));
}

TEST_F(LeaderElectionTest, ADeletedLeaseIsNobodys) {
  Acquire();
  election_.Wrote(kMissing, now_, now_);
  EXPECT_TRUE(election_.needs_read());
  election_.Read(kMissing, now_);
  EXPECT_FALSE(election_.MayWrite(now_)) << "another may have made it anew";
  const auto wanted = election_.Wanted(now_, kLater);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->resource_version, "");
  EXPECT_EQ(wanted->uid, "");
}

TEST_F(LeaderElectionTest, AFailedReadChangesNothing) {
  election_.Read(HeldBy("other"), now_);
  now_ += seconds(15);
  election_.Read(Error{Errc::kDenied, "HTTP 403"}, now_);
  EXPECT_FALSE(Wants()) << "it may have been renewed";
  election_.Read(HeldBy("other"), now_);
  EXPECT_TRUE(Wants());
}

TEST_F(LeaderElectionTest, PollsWithJitterButNotPastTheEndOfTheLease) {
  EXPECT_EQ(election_.Delay(now_, 0), seconds(2));
  EXPECT_EQ(election_.Delay(now_, 0.5), milliseconds(3200));
  election_.Read(HeldBy("other"), now_);
  EXPECT_EQ(election_.Delay(now_ + seconds(10), 0.999), milliseconds(4397) + Nanos(600'000));
  EXPECT_EQ(election_.Delay(now_ + seconds(12), 0.999), seconds(3));
  EXPECT_EQ(election_.Delay(now_ + milliseconds(14999), 0), milliseconds(1));
  EXPECT_EQ(election_.Delay(now_ + seconds(15), 0), seconds(2)) << "never in a hurry";
  now_ += seconds(15);
  Acquire(HeldBy("other"));
  EXPECT_EQ(election_.Delay(now_, 0.999), seconds(2));
}

TEST_F(LeaderElectionTest, GivesTheLeaseUp) {
  Acquire();
  const auto released = election_.Released(kLater);
  ASSERT_TRUE(released);
  EXPECT_EQ(released->holder, "");
  EXPECT_EQ(released->duration_seconds, 1);
  EXPECT_EQ(released->resource_version, "8");
  EXPECT_EQ(released->transitions, 5);
  EXPECT_EQ(released->renew_time, kLater);
  election_.Wrote(kSilent, now_, now_);
  EXPECT_FALSE(election_.Released(kLater)) << "to be read before";
  election_.Read(HeldBy("other"), now_);
  EXPECT_FALSE(election_.Released(kLater)) << "not ours";
}

TEST(NewLeaderIdentity, IsThePodAndAUuid) {
  const std::string one = NewLeaderIdentity("pod-1");
  EXPECT_EQ(one.substr(0, 6), "pod-1_");
  EXPECT_EQ(one.size(), 6u + 36u);
  EXPECT_NE(one, NewLeaderIdentity("pod-1"));
}

}  // namespace
}  // namespace stevedore::publish
