#include "controller/publish/cluster_sink.h"

#include <gtest/gtest.h>

namespace stevedore::publish {
namespace {

struct Writer final : StatusSink {
  bool Publish(const std::vector<RouteUpdate>& updates) override {
    ++calls;
    foreign.clear();
    for (const RouteUpdate& update : updates)
      if (update.foreign) foreign.push_back(update.key.name);
    return done;
  }
  bool due() const override { return wants; }

  int calls = 0;
  bool done = true;
  bool wants = false;
  std::vector<std::string> foreign;
};

class ClusterSinkTest : public testing::Test {
 protected:
  ClusterSinkTest() {
    sink_.Add(statuses_);
    sink_.Add(events_);
  }

  ManualClock clock_;
  bool may_write_ = true;
  Writer statuses_, events_;
  ClusterSink sink_{clock_, [this] { return may_write_; }};
};

TEST_F(ClusterSinkTest, PassesAllOnToAll) {
  EXPECT_TRUE(sink_.Publish({}));
  statuses_.done = false;
  EXPECT_FALSE(sink_.Publish({}));
  EXPECT_EQ(statuses_.calls, 2);
  EXPECT_EQ(events_.calls, 2) << "whatever became of the one before";
}

TEST_F(ClusterSinkTest, AStandbyAsksNobodyAndIsDueOnceItLeads) {
  may_write_ = false;
  statuses_.done = false;
  statuses_.wants = true;
  EXPECT_TRUE(sink_.Publish({})) << "there is nothing for it to do";
  EXPECT_EQ(statuses_.calls, 0);
  EXPECT_FALSE(sink_.due());
  may_write_ = true;
  statuses_.wants = false;
  EXPECT_TRUE(sink_.due());
  sink_.Publish({});
  EXPECT_EQ(statuses_.calls, 1);
  EXPECT_FALSE(sink_.due()) << "at rest";
  may_write_ = false;
  sink_.Publish({});
  may_write_ = true;
  EXPECT_TRUE(sink_.due()) << "it leads again";
}

TEST_F(ClusterSinkTest, IsDueWhenAWriterIs) {
  sink_.Publish({});
  EXPECT_FALSE(sink_.due());
  events_.wants = true;
  EXPECT_TRUE(sink_.due());
}

TEST_F(ClusterSinkTest, MarksWhatAnotherControllerKeeps) {
  RouteUpdate theirs;
  theirs.key = {"game", "kcp"};
  theirs.former.controller_name = "edge/theirs";
  theirs.status.controller_name = "edge/ours";
  RouteUpdate ours = theirs;
  ours.key.name = "dns";
  ours.former.controller_name = "edge/ours";
  sink_.Publish({theirs, ours});
  EXPECT_EQ(statuses_.foreign, std::vector<std::string>{"kcp"});
  EXPECT_EQ(events_.foreign, std::vector<std::string>{"kcp"});
  EXPECT_FALSE(sink_.due());
  clock_.Advance(ForeignWriters::kPatience);
  EXPECT_TRUE(sink_.due());
  sink_.Publish({theirs, ours});
  EXPECT_TRUE(statuses_.foreign.empty());
  EXPECT_FALSE(sink_.due());
}

}  // namespace
}  // namespace stevedore::publish
