#include "controller/publish/replica_watch.h"

#include <gtest/gtest.h>

#include "controller/api/lease.h"
#include "controller/publish/replica_lease.h"

namespace stevedore::publish {
namespace {

using std::chrono::seconds;

class ReplicaWatchTest : public testing::Test {
 protected:
  static kube::RawObject Lease(const std::string& pod, const std::string& version,
                               const std::string& digest = "d") {
    api::ReplicaReport report;
    report.node = "node-of-" + pod;
    report.digest = digest;
    api::Lease lease;
    lease.key = {"edge", "stevedore-" + pod};
    lease.resource_version = version;
    lease.holder = pod;
    lease.labels[kReplicaLabel] = "stevedore";
    lease.annotations[kReportAnnotation] = api::EncodeReport(report);
    return {lease.key, api::EncodeLease(lease)};
  }
  // Everybody renews, we as well.
  void Renew(const std::vector<std::string>& pods) {
    ++version_;
    watch_.Apply(Lease("own", std::to_string(version_)));
    for (const std::string& pod : pods) watch_.Apply(Lease(pod, std::to_string(version_)));
  }
  std::string Live() {
    std::string pods;
    for (const api::ReplicaReport& report : watch_.Others()->live) pods += report.pod + " ";
    return pods;
  }
  void List(std::vector<kube::RawObject> leases) {
    watch_.Replace(std::move(leases));
    watch_.StateChanged({true, ""});
  }

  ManualClock clock_;
  int calls_ = 0;
  ReplicaWatch watch_{clock_, "stevedore-own", [this] { ++calls_; }};
  int version_ = 100;
};

TEST_F(ReplicaWatchTest, KnowsNobodyBeforeTheFirstList) {
  auto others = watch_.Others();
  EXPECT_TRUE(others->settling);
  EXPECT_NE(others->unknown, "");
  EXPECT_EQ(watch_.Others(), others) << "no news";
  watch_.StateChanged({false, "HTTP 403: no"});
  EXPECT_EQ(watch_.Others()->unknown, "HTTP 403: no");
  clock_.Advance(ReplicaWatch::kSettling);
  EXPECT_FALSE(watch_.Others()->settling) << "that is said from now on";
  List({});
  EXPECT_EQ(watch_.Others()->unknown, "");
  watch_.StateChanged({true, "gone for a while"});
  EXPECT_EQ(watch_.Others()->unknown, "") << "what is known stays known";
}

TEST_F(ReplicaWatchTest, ReadsReportsOfTheOthers) {
  List({Lease("own", "1"), Lease("b", "2"), Lease("a", "3", "d3")});
  const auto others = watch_.Others();
  ASSERT_EQ(others->live.size(), 2u);
  EXPECT_EQ(others->live[0].pod, "a");
  EXPECT_EQ(others->live[0].node, "node-of-a");
  EXPECT_EQ(others->live[0].digest, "d3");
  EXPECT_EQ(others->live[1].pod, "b");
}

TEST_F(ReplicaWatchTest, RenewalsAreNoNews) {
  List({Lease("a", "1")});
  const auto before = watch_.Others();
  const int calls = calls_;
  watch_.Apply(Lease("a", "2"));
  watch_.Apply(Lease("own", "3", "news of our own"));
  EXPECT_EQ(calls_, calls);
  EXPECT_EQ(watch_.Others(), before);
  watch_.Apply(Lease("a", "4", "other"));
  EXPECT_EQ(calls_, calls + 1);
  EXPECT_EQ(watch_.Others()->live[0].digest, "other");
}

TEST_F(ReplicaWatchTest, CountsOutWhoRenewsNoMore) {
  List({Lease("a", "1"), Lease("b", "1")});
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(seconds(10));
    Renew({"a"});
  }
  EXPECT_EQ(Live(), "a b ");
  clock_.Advance(seconds(1));
  EXPECT_EQ(Live(), "a ");
  clock_.Advance(seconds(9));
  Renew({"a", "b"});
  EXPECT_EQ(Live(), "a b ") << "back";
}

TEST_F(ReplicaWatchTest, AListOfOldLeasesIsNoSignOfLife) {
  List({Lease("a", "1")});
  for (int i = 0; i < 4; ++i) {
    clock_.Advance(seconds(10));
    List({Lease("a", "1"), Lease("own", std::to_string(i))});
  }
  EXPECT_EQ(Live(), "");
}

TEST_F(ReplicaWatchTest, WhoIsCutOffCountsNobodyOut) {
  List({Lease("a", "1")});
  clock_.Advance(seconds(600));
  EXPECT_EQ(Live(), "a ") << "not even our own renewals came back";
  Renew({});
  EXPECT_EQ(Live(), "a ") << "the others need a moment too";
  clock_.Advance(seconds(10));
  Renew({"a"});
  clock_.Advance(seconds(10));
  Renew({"a"});
  EXPECT_EQ(Live(), "a ");
}

TEST_F(ReplicaWatchTest, ADeletedLeaseIsGoneAtOnce) {
  List({Lease("a", "1"), Lease("b", "1")});
  EXPECT_EQ(Live(), "a b ");
  const int calls = calls_;
  watch_.Delete({"edge", "stevedore-a"});
  EXPECT_EQ(calls_, calls + 1);
  EXPECT_EQ(Live(), "b ");
  List({});
  EXPECT_EQ(Live(), "");
}

TEST_F(ReplicaWatchTest, IgnoresOtherLeasesAndKeepsAReplicaWithoutAReport) {
  kube::RawObject election = Lease("leader", "1");
  api::Lease lease = *api::DecodeLease(election.json);
  lease.labels.clear();
  lease.raw.clear();
  election.json = api::EncodeLease(lease);
  api::Lease mute = *api::DecodeLease(Lease("mute", "1").json);
  mute.annotations.clear();
  mute.raw.clear();
  List({election, {mute.key, api::EncodeLease(mute)}, {{"edge", "odd"}, "{"}});
  EXPECT_EQ(Live(), "mute ");
  EXPECT_EQ(watch_.Others()->live[0].digest, "");
}

}  // namespace
}  // namespace stevedore::publish
