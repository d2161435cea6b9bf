#include "controller/publish/port_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/controller/kube/fake_transport.h"
#include "tests/controller/publish/service_sample.h"

namespace stevedore::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Ports = std::set<std::int64_t>;

class PortWriterTest : public testing::Test {
 protected:
  PortWriterTest() {
    transport_.otherwise_do = [](const kube::Request&) { return kube::Response{200, "{}", {}}; };
  }
  void Answer(int status, const std::string& message, std::optional<seconds> retry_after = {}) {
    const nlohmann::json body = {{"kind", "Status"}, {"code", status}, {"message", message}};
    transport_.answers.push_back(kube::Response{status, body.dump(), retry_after});
  }
  void AnswerConflict(const std::vector<int>& ports) {
    nlohmann::json body = {{"kind", "Status"}, {"code", 409}, {"message", "Apply failed"}};
    for (const int port : ports)
      body["details"]["causes"].push_back(
          {{"reason", "FieldManagerConflict"},
           {"message", "conflict with \"kubectl-edit\" using v1"},
           {"field", ".spec.ports[port=" + std::to_string(port) + ",protocol=\"UDP\"].name"}});
    transport_.answers.push_back(kube::Response{409, body.dump(), {}});
  }
  bool Publish(const Ports& wanted) {
    return writer_.Publish(wanted, live_ ? std::make_shared<const api::Service>(*live_) : nullptr);
  }
  // The Service as the server would have it now.
  void Live(api::Service service, const std::string& version) {
    service.meta.resource_version = version;
    live_ = std::move(service);
  }
  // The ports of each apply since the last call: "7000 7001".
  std::vector<std::string> Applied() {
    std::vector<std::string> applied;
    for (const kube::Request& request : transport_.requests) {
      std::string text;
      const nlohmann::json body = nlohmann::json::parse(request.body);
      for (const auto& port : body["spec"]["ports"])
        text += (text.empty() ? "" : " ") + std::to_string(port["port"].get<int>());
      applied.push_back(text);
    }
    transport_.requests.clear();
    return applied;
  }
  using Texts = std::vector<std::string>;

  kube::FakeTransport transport_;
  ManualClock clock_;
  bool may_write_ = true;
  PortWriter writer_{transport_, clock_, {"edge", "udp"}, [this] { return may_write_; }};
  std::optional<api::Service> live_ = SampleService();
};

TEST_F(PortWriterTest, AppliesToTheVeryServiceWithoutForce) {
  Publish({7000});
  ASSERT_EQ(transport_.requests.size(), 1u);
  const kube::Request& request = transport_.requests[0];
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.path, "/api/v1/namespaces/edge/services/udp");
  EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
  EXPECT_EQ(request.query, (decltype(request.query){{"fieldManager", "stevedore-ports"}}));
  EXPECT_EQ(request.body, api::EncodePorts(live_->meta, {{7000}}));
  EXPECT_EQ(writer_.numbers().written, 1u);
  EXPECT_EQ(writer_.numbers().missing, 1u);
  EXPECT_EQ(writer_.ProblemOf(7000), "") << "it is about to be there";
}

TEST_F(PortWriterTest, WritesNothingWhileNothingDiffers) {
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
  clock_.Advance(seconds(3600));
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{}) << "the watch has not shown it yet";
  Live(SampleService(OurEntry(7000)), "101");
  clock_.Advance(seconds(3600));
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{});
  EXPECT_EQ(writer_.numbers().published, 1u);
  EXPECT_EQ(writer_.numbers().missing, 0u);
  // Somebody takes it away.
  Live(SampleService(), "102");
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
}

TEST_F(PortWriterTest, PausesBetweenWrites) {
  Publish({7000});
  Publish({7000, 7001});
  clock_.Advance(milliseconds(999));
  Publish({7000, 7001, 7002});
  EXPECT_EQ(Applied(), Texts{"7000"});
  clock_.Advance(milliseconds(1));
  Publish({7000, 7001, 7002});
  EXPECT_EQ(Applied(), Texts{"7000 7001 7002"});
}

TEST_F(PortWriterTest, WritesNothingThatItMayNot) {
  may_write_ = false;
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{});
  may_write_ = true;
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
}

TEST_F(PortWriterTest, TellsOfAMissingServiceAndWritesWhenItComes) {
  live_.reset();
  EXPECT_TRUE(Publish({7000}));
  EXPECT_FALSE(Publish({7000})) << "nothing new";
  EXPECT_EQ(writer_.ProblemOf(7000),
            "the published Service edge/udp does not exist, or the controller may not read it");
  EXPECT_EQ(writer_.ProblemOf(7001), "");
  EXPECT_EQ(writer_.numbers().missing, 1u);
  EXPECT_EQ(Applied(), Texts{});
  Live(SampleService(), "200");
  EXPECT_TRUE(Publish({7000}));
  EXPECT_EQ(writer_.ProblemOf(7000), "");
  EXPECT_EQ(Applied(), Texts{"7000"});
}

TEST_F(PortWriterTest, TellsARefusalAndTriesAgainWithinSeconds) {
  const std::string forbidden = "services \"udp\" is forbidden";
  for (int i = 0; i < 10; ++i) Answer(403, forbidden);
  EXPECT_TRUE(Publish({7000}));
  EXPECT_EQ(writer_.ProblemOf(7000),
            "port 7000 is not in the published Service edge/udp: HTTP 403: " + forbidden);
  for (int second = 0; second < 60; ++second) {
    clock_.Advance(seconds(1));
    Publish({7000});
  }
  const std::size_t asked = Applied().size();
  EXPECT_GE(asked, 5u);
  EXPECT_LE(asked, 8u);
  transport_.answers.clear();
  clock_.Advance(seconds(15));
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
  EXPECT_EQ(writer_.ProblemOf(7000), "");
  EXPECT_EQ(writer_.numbers().failed, asked);
}

TEST_F(PortWriterTest, WaitsAsLongAsTheServerAsks) {
  Answer(429, "slow down", seconds(7));
  Publish({7000});
  clock_.Advance(milliseconds(6999));
  Publish({7000});
  EXPECT_EQ(Applied().size(), 1u);
  clock_.Advance(milliseconds(1));
  Publish({7000});
  EXPECT_EQ(Applied().size(), 1u);
}

TEST_F(PortWriterTest, AServerThatDoesNotAnswerIsNoProblemOfThePort) {
  transport_.answers.push_back(Error{Errc::kUnavailable, "timeout"});
  EXPECT_FALSE(Publish({7000}));
  EXPECT_EQ(writer_.ProblemOf(7000), "");
  clock_.Advance(seconds(2));
  Publish({7000});
  EXPECT_EQ(Applied().size(), 2u);
}

TEST_F(PortWriterTest, LeavesAPortInConflictAloneUntilTheServiceChanges) {
  AnswerConflict({7001});
  Publish({7000, 7001});
  clock_.Advance(seconds(1));
  EXPECT_TRUE(Publish({7000, 7001}));
  EXPECT_TRUE(writer_.ProblemOf(7001).find("kubectl-edit") != std::string::npos)
      << writer_.ProblemOf(7001);
  EXPECT_EQ(Applied(), (Texts{"7000 7001", "7000"}));
  clock_.Advance(seconds(3600));
  Publish({7000, 7001});
  EXPECT_EQ(Applied(), Texts{});
  Live(SampleService(OurEntry(7000)), "101");
  Publish({7000, 7001});
  EXPECT_EQ(Applied(), Texts{"7000 7001"});
}

TEST_F(PortWriterTest, DropsWhatWasComputedFromAnOlderService) {
  Answer(409, "the object has been modified");
  EXPECT_FALSE(Publish({7000}));
  clock_.Advance(seconds(3600));
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
  EXPECT_EQ(writer_.ProblemOf(7000), "");
  EXPECT_EQ(writer_.numbers().failed, 0u);
  Live(SampleService(), "101");
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
}

TEST_F(PortWriterTest, ForgetsARefusalWhenTheServiceIsMadeAnew) {
  Answer(422, "field is immutable");
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{});
  live_->meta.uid = "u-2";
  Publish({7000});
  EXPECT_EQ(Applied(), Texts{"7000"});
}

// The server takes at most `room` ports of ours, as when nodePorts run out.
TEST_F(PortWriterTest, PublishesAsManyPortsAsThereIsRoomFor) {
  std::size_t room = 5;
  int version = 100;
  transport_.otherwise_do = [&](const kube::Request& request) {
    const auto ports = nlohmann::json::parse(request.body)["spec"]["ports"];
    if (ports.size() > room)
      return kube::Response{500, R"({"kind":"Status","message":"range is full"})", {}};
    api::Service service = SampleService();
    for (const auto& port : ports) service.ports.push_back(OurEntry(port["port"].get<int>()));
    Live(std::move(service), std::to_string(++version));
    return kube::Response{200, "{}", {}};
  };
  Ports wanted;
  for (int port = 1; port <= 8; ++port) wanted.insert(port);
  const auto run = [&](int seconds_long) {
    for (int second = 0; second < seconds_long; ++second) {
      Publish(wanted);
      clock_.Advance(seconds(1));
    }
  };
  run(120);
  EXPECT_EQ(live_->ports.size(), 1 + room);
  EXPECT_EQ(writer_.ProblemOf(1), "");
  EXPECT_TRUE(writer_.ProblemOf(8).find("range is full") != std::string::npos);
  EXPECT_LE(Applied().size(), 20u);
  // A route goes, and a minute later so does its port: another one gets its place.
  wanted.erase(1);
  run(150);
  EXPECT_EQ(live_->ports.size(), 1 + room);
  room = 100;
  run(90);
  EXPECT_EQ(live_->ports.size(), 1 + wanted.size());
  EXPECT_EQ(writer_.ProblemOf(8), "");
}

}  // namespace
}  // namespace stevedore::publish
