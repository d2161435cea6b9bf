#include "controller/publish/foreign_writers.h"

#include <gtest/gtest.h>

namespace stevedore::publish {
namespace {

using std::chrono::seconds;
using Keys = std::set<kube::Key>;

RouteUpdate Update(const std::string& name, const std::string& writer) {
  RouteUpdate update;
  update.key = {"game", name};
  update.uid = "u-" + name;
  update.former.controller_name = writer;
  update.status.controller_name = "edge/ours";
  return update;
}

class ForeignWritersTest : public testing::Test {
 protected:
  Keys Look(const std::vector<RouteUpdate>& updates) { return foreign_.Look(updates, now_); }

  Nanos now_ = std::chrono::hours(1);
  ForeignWriters foreign_;
  const Keys kcp_{{"game", "kcp"}};
};

TEST_F(ForeignWritersTest, OwnAndNewStatusesAreOurs) {
  EXPECT_EQ(Look({Update("kcp", "edge/ours"), Update("new", "")}), Keys{});
  EXPECT_FALSE(foreign_.next());
}

TEST_F(ForeignWritersTest, LeavesAForeignStatusAloneUntilItRests) {
  const std::vector<RouteUpdate> updates = {Update("kcp", "edge/theirs"), Update("b", "")};
  EXPECT_EQ(Look(updates), kcp_);
  EXPECT_EQ(foreign_.next(), now_ + seconds(60));
  now_ += seconds(59);
  EXPECT_EQ(Look(updates), kcp_);
  now_ += seconds(1);
  EXPECT_EQ(Look(updates), Keys{});
  EXPECT_FALSE(foreign_.next());
  EXPECT_EQ(Look({Update("kcp", "edge/ours")}), Keys{});
}

TEST_F(ForeignWritersTest, EveryChangeIsASignOfLife) {
  RouteUpdate update = Update("kcp", "edge/theirs");
  EXPECT_EQ(Look({update}), kcp_);
  now_ += seconds(50);
  update.former.peer_summary = "1/1";
  EXPECT_EQ(Look({update}), kcp_);
  now_ += seconds(50);
  EXPECT_EQ(Look({update}), kcp_);
  // Others that write into the object are none.
  update.resource_version = "9";
  now_ += seconds(10);
  EXPECT_EQ(Look({update}), Keys{});
  // It writes again.
  update.former.peer_summary = "2/2";
  EXPECT_EQ(Look({update}), kcp_);
}

TEST_F(ForeignWritersTest, ANewObjectOfThatNameBeginsAnew) {
  RouteUpdate update = Update("kcp", "edge/theirs");
  EXPECT_EQ(Look({update}), kcp_);
  now_ += seconds(60);
  EXPECT_EQ(Look({update}), Keys{});
  update.uid = "u-2";
  EXPECT_EQ(Look({update}), kcp_);
  EXPECT_EQ(Look({}), Keys{});
  EXPECT_FALSE(foreign_.next()) << "forgotten with its object";
}

TEST_F(ForeignWritersTest, TellsTheFirstOfSeveralTimes) {
  const Nanos first = now_;
  Look({Update("a", "edge/theirs")});
  now_ += seconds(10);
  Look({Update("a", "edge/theirs"), Update("b", "edge/theirs")});
  EXPECT_EQ(foreign_.next(), first + seconds(60));
}

}  // namespace
}  // namespace stevedore::publish
