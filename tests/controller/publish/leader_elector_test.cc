#include "controller/publish/leader_elector.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "tests/controller/fake_proxy.h"
#include "tests/controller/publish/fake_leases.h"

namespace stevedore::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Real time, in short: a holder is believed for a second.
constexpr LeaderTiming kTiming{seconds(1), milliseconds(400), milliseconds(30)};

class LeaderElectorTest : public testing::Test {
 protected:
  struct Replica {
    std::unique_ptr<LeaderElector> elector;
    std::atomic<int> changes{0};
  };
  std::unique_ptr<Replica> Start(const std::string& name) {
    auto replica = std::make_unique<Replica>();
    replica->elector = std::make_unique<LeaderElector>(
        server_, clock_, LeaderOptions{{"edge", "leader"}, name, kTiming}, [] { return 0.0; });
    EXPECT_FALSE(replica->elector->MayWrite());
    replica->elector->Start([counted = replica.get()] { ++counted->changes; });
    return replica;
  }
  std::string Holder() { return server_.Get("leader").holder; }

  FakeLeases server_;
  MonotonicClock clock_;
};

TEST_F(LeaderElectorTest, LeadsRenewsAndGivesUpAtTheEnd) {
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return replica->elector->MayWrite(); }));
  ASSERT_TRUE(WaitUntil([&] { return replica->changes == 1; }));
  EXPECT_EQ(Holder(), "a_1");
  const std::string renewed = server_.Get("leader").renew_time;
  ASSERT_TRUE(WaitUntil([&] { return server_.Get("leader").renew_time != renewed; }));
  EXPECT_EQ(replica->changes, 1);
  replica->elector->Stop();
  EXPECT_FALSE(replica->elector->MayWrite());
  const api::Lease left = server_.Get("leader");
  EXPECT_EQ(left.holder, "");
  EXPECT_EQ(left.duration_seconds, 1);
}

TEST_F(LeaderElectorTest, AHolderReadsOnce) {
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return server_.requests().size() > 5; }));
  replica->elector->Stop();
  const std::vector<std::string> requests = server_.requests();
  EXPECT_EQ(requests[0], "GET");
  EXPECT_EQ(requests[1], "POST");
  for (std::size_t i = 2; i < requests.size(); ++i) EXPECT_EQ(requests[i], "PUT");
}

TEST_F(LeaderElectorTest, HandsOverToTheNext) {
  auto first = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return first->elector->MayWrite(); }));
  auto second = Start("b_2");
  ASSERT_TRUE(WaitUntil([&] { return server_.requests().size() > 20; }));
  EXPECT_FALSE(second->elector->MayWrite());
  EXPECT_EQ(second->changes, 0);
  first->elector->Stop();
  EXPECT_TRUE(WaitUntil([&] { return second->elector->MayWrite(); }));
  EXPECT_EQ(Holder(), "b_2");
  EXPECT_EQ(server_.Get("leader").transitions, 1);
}

TEST_F(LeaderElectorTest, StopsWritingWhenItCannotRenewAndComesBack) {
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return replica->elector->MayWrite(); }));
  server_.BeSilent(true);
  ASSERT_TRUE(WaitUntil([&] { return !replica->elector->MayWrite(); }));
  ASSERT_TRUE(WaitUntil([&] { return replica->changes == 2; }));
  server_.BeSilent(false);
  ASSERT_TRUE(WaitUntil([&] { return replica->elector->MayWrite(); }));
  EXPECT_EQ(server_.Get("leader").transitions, 0);
}

TEST_F(LeaderElectorTest, NoticesThatAnotherTookTheLease) {
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return replica->elector->MayWrite(); }));
  api::Lease lease = server_.Get("leader");
  lease.holder = "b_2";
  server_.Put(lease);
  ASSERT_TRUE(WaitUntil([&] { return !replica->elector->MayWrite(); }));
  replica->elector->Stop();
  EXPECT_EQ(Holder(), "b_2") << "it gives up what is its own only";
}

TEST_F(LeaderElectorTest, SurvivesALabelOnItsLease) {
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return replica->elector->MayWrite(); }));
  api::Lease lease = server_.Get("leader");
  lease.labels["by"] = "somebody";
  server_.Put(lease);
  const std::string renewed = lease.renew_time;
  ASSERT_TRUE(WaitUntil([&] { return server_.Get("leader").renew_time > renewed; }));
  EXPECT_TRUE(replica->elector->MayWrite());
  EXPECT_EQ(replica->changes, 1);
  EXPECT_EQ(server_.Get("leader").labels["by"], "somebody");
}

TEST_F(LeaderElectorTest, KeepsTryingWhereItIsNotPermitted) {
  server_.Refuse(403);
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return server_.requests().size() > 3; }));
  EXPECT_FALSE(replica->elector->MayWrite());
  server_.Refuse(0);
  EXPECT_TRUE(WaitUntil([&] { return replica->elector->MayWrite(); }));
}

TEST_F(LeaderElectorTest, EndsWithoutAServer) {
  server_.BeSilent(true);
  auto replica = Start("a_1");
  ASSERT_TRUE(WaitUntil([&] { return !server_.requests().empty(); }));
  replica->elector->Stop();
  replica->elector->Stop();
  EXPECT_FALSE(replica->elector->MayWrite());
}

}  // namespace
}  // namespace stevedore::publish
