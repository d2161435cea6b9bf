#include "controller/publish/event_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/fake_transport.h"
#include "tests/controller/publish/event_sample.h"

namespace stevedore::publish {
namespace {

class EventWriterTest : public testing::Test {
 protected:
  EventWriterTest() {
    transport_.otherwise_do = [](const kube::Request&) { return kube::Response{201, "{}", {}}; };
  }
  // The reasons that were told, in their order.
  std::string Reasons() {
    std::string reasons;
    for (const kube::Request& request : transport_.Requests())
      reasons += std::string(nlohmann::json::parse(request.body)["reason"]) + " ";
    return reasons;
  }

  kube::FakeTransport transport_;
  MonotonicClock clock_;
  std::atomic<bool> leads_{true};
};

TEST_F(EventWriterTest, TellsTransitionsOnItsOwnThread) {
  EventWriter writer(transport_, clock_, "stevedore-0", [this] { return leads_.load(); });
  EXPECT_TRUE(writer.Publish({UpdateTo(Well())}));
  EXPECT_TRUE(writer.Publish({UpdateTo(Well())}));
  EXPECT_TRUE(WaitUntil([&] { return Reasons() == "Accepted Programmed "; })) << Reasons();
  writer.Tell(SampleEvent("a pod leads", "LeaderElection", "lease"));
  EXPECT_TRUE(WaitUntil([&] { return writer.numbers().created == 3; }));
}

TEST_F(EventWriterTest, WhoFollowsSaysNothingAndLearnsWhatWasTold) {
  EventWriter writer(transport_, clock_, "stevedore-0", [this] { return leads_.load(); });
  leads_ = false;
  EXPECT_TRUE(writer.Publish({UpdateTo(Well())}));
  EXPECT_TRUE(WaitUntil([&] { return writer.numbers().dropped == 2; }));
  writer.Forget();
  leads_ = true;
  EXPECT_TRUE(writer.Publish({UpdateTo(Well(), Well())}));
  writer.Tell(SampleEvent("a pod leads", "LeaderElection", "lease"));
  EXPECT_TRUE(WaitUntil([&] { return writer.numbers().created == 1; }));
  EXPECT_EQ(Reasons(), "LeaderElection ");
}

TEST_F(EventWriterTest, EndsWithoutWritingWhatWaits) {
  EventWriter writer(transport_, clock_, "stevedore-0", [this] { return leads_.load(); });
  std::vector<RouteUpdate> updates(200, UpdateTo(Well()));
  for (std::size_t i = 0; i < updates.size(); ++i) {
    updates[i].key.name = "r" + std::to_string(i);
    updates[i].uid = "u" + std::to_string(i);
  }
  EXPECT_TRUE(writer.Publish(updates));
}

}  // namespace
}  // namespace stevedore::publish
