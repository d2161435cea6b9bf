#include "controller/publish/status_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/controller/kube/fake_transport.h"
#include "tests/controller/publish/report_sample.h"

namespace stevedore::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RouteUpdate Update(const std::string& name = "kcp", const std::string& version = "100") {
  compile::RouteReport report = SampleReport();
  report.key.name = name;
  return {report.key, "u-" + name, version, "", {}, SampleStatus(report)};
}

class StatusWriterTest : public testing::Test {
 protected:
  StatusWriterTest() {
    transport_.otherwise_do = [](const kube::Request&) { return kube::Response{200, "{}", {}}; };
  }
  void Answer(int status, std::optional<seconds> retry_after = {}) {
    transport_.answers.push_back(kube::Response{status, "said so", retry_after});
  }
  // The names of the routes that were written since the last call.
  std::vector<std::string> Asked() {
    std::vector<std::string> names;
    for (const kube::Request& request : transport_.requests)
      names.push_back(nlohmann::json::parse(request.body)["metadata"]["name"]);
    transport_.requests.clear();
    return names;
  }
  using Names = std::vector<std::string>;

  kube::FakeTransport transport_;
  ManualClock clock_;
  bool may_write_ = true;
  StatusWriter writer_{transport_, clock_, [this] { return may_write_; }};
};

TEST_F(StatusWriterTest, AppliesTheWholeStatusToTheVeryObject) {
  EXPECT_TRUE(writer_.Publish({Update()}));
  ASSERT_EQ(transport_.requests.size(), 1u);
  const kube::Request& request = transport_.requests[0];
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/apis/stevedore.io/v1alpha1/namespaces/game/stevedoreroutes/kcp/status");
  EXPECT_EQ(Query(request, "fieldManager"), "stevedore-controller");
  EXPECT_EQ(Query(request, "force"), "true");
  EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
  const auto body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body["apiVersion"], "stevedore.io/v1alpha1");
  EXPECT_EQ(body["kind"], "StevedoreRoute");
  const nlohmann::json metadata = {
      {"name", "kcp"}, {"namespace", "game"}, {"uid", "u-kcp"}, {"resourceVersion", "100"}};
  EXPECT_EQ(body["metadata"], metadata);
  EXPECT_FALSE(body.contains("spec"));
  EXPECT_EQ(body["status"]["conditions"].size(), 4u);
  EXPECT_EQ(writer_.written(), 1u);
}

TEST_F(StatusWriterTest, WritesOnlyWhatDiffers) {
  RouteUpdate same = Update("same");
  same.former = same.status;
  same.former.conditions[0].last_transition_time = kEarlier;
  EXPECT_TRUE(writer_.Publish({same, Update("other")}));
  EXPECT_EQ(Asked(), Names{"other"});
}

TEST_F(StatusWriterTest, AsksTheFenceBeforeEachWrite) {
  may_write_ = false;
  EXPECT_FALSE(writer_.Publish({Update("a")}));
  EXPECT_EQ(Asked(), Names{});
  may_write_ = true;
  transport_.otherwise_do = [this](const kube::Request&) {
    may_write_ = false;
    return kube::Response{200, "{}", {}};
  };
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), Names{"a"});
  may_write_ = true;
  EXPECT_TRUE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), Names{"b"});
}

TEST_F(StatusWriterTest, LeavesForeignStatusesAlone) {
  RouteUpdate foreign = Update("a");
  foreign.foreign = true;
  EXPECT_TRUE(writer_.Publish({foreign, Update("b")}));
  EXPECT_EQ(Asked(), Names{"b"});
  foreign.foreign = false;
  EXPECT_TRUE(writer_.Publish({foreign}));
  EXPECT_EQ(Asked(), Names{"a"});
}

TEST_F(StatusWriterTest, WritesNothingTwiceBeforeTheWatchShowsIt) {
  RouteUpdate update = Update();
  writer_.Publish({update});
  clock_.Advance(seconds(3600));
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{"kcp"});
  // The watch shows it.
  update.former = update.status;
  update.resource_version = "101";
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{});
  // Somebody takes it away.
  update.former = {};
  update.resource_version = "102";
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{"kcp"});
}

TEST_F(StatusWriterTest, WaitsForTheVersionThatItsOwnWriteMade) {
  const auto respond = [this](const std::string& version) {
    transport_.answers.push_back(
        kube::Response{200, R"({"metadata":{"resourceVersion":")" + version + R"("}})", {}});
  };
  RouteUpdate update = Update();
  respond("101");
  writer_.Publish({update});
  update.status.conditions[2].status = "False";
  EXPECT_TRUE(writer_.Publish({update})) << "it could but conflict";
  EXPECT_EQ(Asked(), Names{"kcp"});
  update.resource_version = "101";
  respond("101");  // what was applied made no difference: there will be no event
  EXPECT_TRUE(writer_.Publish({update}));
  update.status.conditions[2].status = "Unknown";
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), (Names{"kcp", "kcp"}));
}

TEST_F(StatusWriterTest, DropsWhatConflictsUntilTheWatchBringsTheNewObject) {
  for (const int code : {409, 404}) {
    const std::string name = "r" + std::to_string(code);
    RouteUpdate update = Update(name);
    Answer(code);
    EXPECT_TRUE(writer_.Publish({update})) << "nothing is left to be done";
    EXPECT_EQ(Asked(), Names{name});
    clock_.Advance(seconds(3600));
    EXPECT_TRUE(writer_.Publish({update}));
    update.status.conditions[0].message = "computed anew from the same object";
    EXPECT_TRUE(writer_.Publish({update}));
    EXPECT_EQ(Asked(), Names{});
    update.resource_version = "101";
    EXPECT_TRUE(writer_.Publish({update}));
    EXPECT_EQ(Asked(), Names{name});
  }
  EXPECT_EQ(writer_.failed(), 0u);
}

TEST_F(StatusWriterTest, RetriesARefusalLaterAndDelaysNobodyElse) {
  Answer(500);
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), (Names{"a", "b"}));
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), Names{});
  clock_.Advance(seconds(2));
  EXPECT_TRUE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), Names{"a"});
  EXPECT_EQ(writer_.failed(), 1u);
  EXPECT_EQ(writer_.written(), 2u);
}

TEST_F(StatusWriterTest, WaitsAsLongAsTheServerAsks) {
  Answer(429, seconds(7));
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), (Names{"a", "b"}));
  clock_.Advance(milliseconds(6999));
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), Names{});
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(writer_.Publish({Update("a"), Update("b")}));
  EXPECT_EQ(Asked(), Names{"a"});
}

TEST_F(StatusWriterTest, AsksLessAndLessOftenWhatIsRefusedForEver) {
  transport_.otherwise_do = [](const kube::Request&) { return kube::Response{403, "no", {}}; };
  for (int second = 0; second < 600; ++second) {
    EXPECT_FALSE(writer_.Publish({Update()}));
    clock_.Advance(seconds(1));
  }
  EXPECT_GE(Asked().size(), 10u);
  EXPECT_LE(writer_.failed(), 16u);
}

TEST_F(StatusWriterTest, AsksNothingForAWhileOfAServerThatDoesNotAnswer) {
  transport_.answers.push_back(Error{Errc::kUnavailable, "timeout"});
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b"), Update("c")}));
  EXPECT_EQ(Asked(), Names{"a"});
  clock_.Advance(seconds(2));
  EXPECT_TRUE(writer_.Publish({Update("a"), Update("b"), Update("c")}));
  EXPECT_EQ(Asked(), (Names{"a", "b", "c"}));
}

TEST_F(StatusWriterTest, EndsARoundThatTakesTooLong) {
  transport_.otherwise_do = [this](const kube::Request&) {
    clock_.Advance(milliseconds(600));
    return kube::Response{200, "{}", {}};
  };
  EXPECT_FALSE(writer_.Publish({Update("a"), Update("b"), Update("c")}));
  EXPECT_EQ(Asked(), (Names{"a", "b"}));
  EXPECT_TRUE(writer_.Publish({Update("a"), Update("b"), Update("c")}));
  EXPECT_EQ(Asked(), Names{"c"});
}

TEST_F(StatusWriterTest, LetsCountsSettleButTellsConditionsAtOnce) {
  RouteUpdate update = Update();
  writer_.Publish({update});
  update.former = update.status;
  update.resource_version = "101";
  update.status.peer_summary = "1/3";
  EXPECT_FALSE(writer_.Publish({update}));
  clock_.Advance(milliseconds(4999));
  EXPECT_FALSE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{"kcp"});
  clock_.Advance(milliseconds(1));
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{"kcp"});
  update.former = update.status;
  update.resource_version = "102";
  update.status.conditions[2].status = "False";
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{"kcp"});
}

TEST_F(StatusWriterTest, TreatsAnObjectOfTheSameNameAsANewOne) {
  Answer(500);
  RouteUpdate update = Update();
  EXPECT_FALSE(writer_.Publish({update}));
  update.uid = "u-2";
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), (Names{"kcp", "kcp"}));
  // Gone, and back with nothing known of it.
  EXPECT_TRUE(writer_.Publish({}));
  EXPECT_TRUE(writer_.Publish({update}));
  EXPECT_EQ(Asked(), Names{"kcp"});
}

}  // namespace
}  // namespace stevedore::publish
