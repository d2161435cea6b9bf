#include "controller/publish/event_outbox.h"

#include <gtest/gtest.h>

#include "tests/controller/kube/fake_transport.h"
#include "tests/controller/publish/event_sample.h"

namespace stevedore::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class EventOutboxTest : public testing::Test {
 protected:
  EventOutboxTest() {
    transport_.otherwise_do = [](const kube::Request&) { return kube::Response{201, "{}", {}}; };
  }
  void Answer(int status, std::optional<seconds> retry_after = {}) {
    transport_.answers.push_back(kube::Response{status, "said so", retry_after});
  }
  Nanos Step() { return outbox_.Step({}); }
  // Methods of the requests since the last call.
  std::string Asked() {
    std::string methods;
    for (const kube::Request& request : transport_.requests) methods += request.method + " ";
    transport_.requests.clear();
    return methods;
  }

  kube::FakeTransport transport_;
  ManualClock clock_;
  bool leads_ = true;
  EventOutbox outbox_{transport_, clock_, "stevedore-0", [this] { return leads_; }, Counting()};
};

TEST_F(EventOutboxTest, CreatesThenPatches) {
  EXPECT_EQ(Step(), Nanos::max());
  outbox_.Add({SampleEvent()});
  EXPECT_EQ(Step(), Nanos(0));
  outbox_.Add({SampleEvent()});
  Step();
  EXPECT_EQ(Asked(), "POST PATCH ");
  EXPECT_EQ(Step(), Nanos::max());
  EXPECT_EQ(outbox_.numbers().created, 1u);
  EXPECT_EQ(outbox_.numbers().updated, 1u);
}

TEST_F(EventOutboxTest, LeavesMostOfTheLimitToStatuses) {
  std::vector<Event> events;
  for (int i = 0; i < 100; ++i) events.push_back(SampleEvent("n", "r", "u-" + std::to_string(i)));
  outbox_.Add(events);
  for (int i = 0; i < 2000; ++i) {
    Step();
    clock_.Advance(milliseconds(1));
  }
  EXPECT_GE(transport_.requests.size(), 35u);
  EXPECT_LE(transport_.requests.size(), 42u) << "20 at once, then 10/s";
}

TEST_F(EventOutboxTest, TriesAgainWhatMayWork) {
  outbox_.Add({SampleEvent()});
  Answer(503);
  EXPECT_EQ(Step(), seconds(2));
  outbox_.Add({SampleEvent("other")});
  EXPECT_EQ(Step(), seconds(2)) << "news do not shorten the wait";
  clock_.Advance(seconds(2));
  Answer(429, seconds(7));
  EXPECT_EQ(Step(), seconds(7));
  clock_.Advance(seconds(7));
  Step();
  Step();
  EXPECT_EQ(Asked(), "POST POST POST POST ");
  EXPECT_EQ(outbox_.numbers().created, 2u);
  EXPECT_EQ(outbox_.numbers().failed, 0u);
}

TEST_F(EventOutboxTest, GivesUpAfterThreeTriesOrARefusal) {
  outbox_.Add({SampleEvent()});
  transport_.otherwise_do = [](const kube::Request&) {
    return Result<kube::Response>(Error{Errc::kUnavailable, "refused"});
  };
  for (int i = 0; i < 3; ++i) {
    Step();
    clock_.Advance(seconds(2));
  }
  EXPECT_EQ(Step(), Nanos::max());
  EXPECT_EQ(Asked(), "POST POST POST ");
  EXPECT_EQ(outbox_.numbers().failed, 1u);
  for (const int status : {400, 401, 403, 422}) {
    outbox_.Add({SampleEvent(std::to_string(status))});
    Answer(status);
    Step();
    EXPECT_EQ(Asked(), "POST ") << status;
    EXPECT_EQ(Step(), Nanos::max()) << status;
  }
  EXPECT_EQ(outbox_.numbers().failed, 5u);
}

TEST_F(EventOutboxTest, LetsGoWithTheNamespace) {
  outbox_.Add({SampleEvent("a"), SampleEvent("b")});
  Answer(404);
  transport_.answers.push_back(kube::Response{
      403, R"({"message":"no","details":{"causes":[{"reason":"NamespaceTerminating"}]}})", {}});
  Step();
  Step();
  EXPECT_EQ(Step(), Nanos::max());
  EXPECT_EQ(outbox_.numbers().dropped, 2u);
  EXPECT_EQ(outbox_.numbers().failed, 0u);
}

TEST_F(EventOutboxTest, KnowsItsOwnEventAndMissesARemovedOne) {
  outbox_.Add({SampleEvent()});
  Answer(409);
  Step();
  EXPECT_EQ(outbox_.numbers().created, 1u) << "the answer to an earlier try was lost";
  outbox_.Add({SampleEvent()});
  Answer(404);
  Step();
  Step();
  EXPECT_EQ(Asked(), "POST PATCH POST ");
  EXPECT_EQ(outbox_.numbers().created, 2u);
}

TEST_F(EventOutboxTest, WritesNothingWhileAnotherLeads) {
  outbox_.Add({SampleEvent(), SampleEvent("other")});
  leads_ = false;
  EXPECT_EQ(Step(), Nanos::max());
  leads_ = true;
  EXPECT_EQ(Step(), Nanos::max()) << "it is old news now";
  EXPECT_EQ(Asked(), "");
  EXPECT_EQ(outbox_.numbers().dropped, 2u);
}

TEST_F(EventOutboxTest, DropsWhatIsTooMuch) {
  for (int i = 0; i < 5000; ++i) outbox_.Add({SampleEvent("n", "r", "u-" + std::to_string(i))});
  EXPECT_EQ(outbox_.numbers().dropped, 5000u - EventCorrelator::kMaxWaiting);
}

TEST_F(EventOutboxTest, WaitsForTheBudgetOfItsObject) {
  for (int i = 0; i < 25; ++i) {
    outbox_.Add({SampleEvent()});
    Step();
    clock_.Advance(milliseconds(100));
  }
  Asked();
  outbox_.Add({SampleEvent()});
  const Nanos wait = Step();
  EXPECT_EQ(Asked(), "");
  EXPECT_GT(wait, seconds(290));
  EXPECT_LE(wait, seconds(300));
  clock_.Advance(wait);
  Step();
  EXPECT_EQ(Asked(), "PATCH ");
}

}  // namespace
}  // namespace stevedore::publish
