#include "controller/cluster_mode.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>

#include "controller/app.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/http_get.h"
#include "tests/controller/kube/temp_dir.h"
#include "tests/controller/scripted_api.h"

namespace stevedore {
namespace {

using Json = ScriptedApi::Json;

Json Route(const std::string& name, int port) {
  return {{"apiVersion", "stevedore.io/v1alpha1"},
          {"kind", "StevedoreRoute"},
          {"metadata", {{"name", name}, {"namespace", "game"}, {"generation", 1}}},
          {"spec",
           {{"listener", {{"port", port}}},
            {"defaultUpstream", "a"},
            {"upstreams", {{{"name", "a"}, {"serviceRef", {{"name", "pods"}, {"port", 53}}}}}}}}};
}

Json Service() {
  return {{"metadata", {{"name", "pods"}, {"namespace", "game"}}},
          {"spec", {{"ports", {{{"name", "dns"}, {"protocol", "UDP"}, {"port", 53}}}}}}};
}

Json Slice(const std::vector<std::string>& addresses) {
  Json slice = {{"metadata",
                 {{"name", "pods-1"},
                  {"namespace", "game"},
                  {"labels", {{"kubernetes.io/service-name", "pods"}}}}},
                {"addressType", "IPv4"},
                {"ports", {{{"name", "dns"}, {"protocol", "UDP"}, {"port", 5353}}}},
                {"endpoints", Json::array()}};
  for (const std::string& address : addresses)
    slice["endpoints"].push_back({{"addresses", {address}}, {"conditions", {{"ready", true}}}});
  return slice;
}

// The whole controller against the scripted API server.
class ClusterModeTest : public testing::Test {
 protected:
  ClusterModeTest() {
    options_.kubeconfig = root_.Write("kubeconfig", api_.Kubeconfig());
    options_.proxy_config = root_.path() + "/config.json";
    options_.proxy_status = root_.path() + "/status.json";
    options_.metrics_address = "127.0.0.1:0";
    api_.Put("services", Service());
    api_.Put("endpointslices", Slice({"10.0.0.1", "10.0.0.2"}));
  }
  void Start() {
    auto app = App::Start(options_);
    ASSERT_TRUE(app) << app.error().detail;
    app_ = std::move(*app);
  }
  // "True/Programmed", as the API server has it.
  std::string Condition(const std::string& route, const std::string& type) {
    const Json object = api_.Get("stevedoreroutes", route);
    if (!object.contains("status")) return "";
    for (const Json& condition : object["status"]["conditions"])
      if (condition["type"] == type)
        return std::string(condition["status"]) + "/" + std::string(condition["reason"]);
    return "none";
  }
  bool WaitFor(const std::string& route, const std::string& type, const std::string& expected) {
    return WaitUntil([&] { return Condition(route, type) == expected; });
  }
  bool WaitForPeers(std::size_t count) {
    return WaitUntil([&] {
      const auto config = ConfigIn(options_.proxy_config);
      return config && !config->upstreams.empty() && config->upstreams[0].peers.size() == count;
    });
  }
  void Acknowledge() {
    ASSERT_TRUE(WriteFileAtomically(options_.proxy_status,
                                    EncodeStatus(AnswerTo(*ConfigIn(options_.proxy_config)))));
  }

  kube::TempDir root_;
  ScriptedApi api_;
  ControllerOptions options_;
  std::unique_ptr<App> app_;
};

TEST_F(ClusterModeTest, ProgramsARouteAndSaysSoWithoutTooManyWords) {
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  Start();
  ASSERT_TRUE(WaitForPeers(2));
  ASSERT_TRUE(WaitFor("kcp", "Programmed", "Unknown/Pending"));
  EXPECT_EQ(Condition("kcp", "Accepted"), "True/Accepted");
  EXPECT_EQ(Condition("kcp", "ResolvedRefs"), "True/ResolvedRefs");
  Acknowledge();
  ASSERT_TRUE(WaitFor("kcp", "Programmed", "True/Programmed"));
  const Json status = api_.Get("stevedoreroutes", "kcp")["status"];
  EXPECT_EQ(status["peerSummary"], "2/2");
  EXPECT_EQ(status["controllerName"], "ours/stevedore");

  // Peers come and go without a word on Programmed.
  api_.Put("endpointslices", Slice({"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
  ASSERT_TRUE(WaitForPeers(3));
  Acknowledge();
  ASSERT_TRUE(WaitUntil(
      [&] { return api_.Get("stevedoreroutes", "kcp")["status"]["peerSummary"] == "3/3"; }));
  const std::vector<Json> applied = api_.applied();
  EXPECT_EQ(applied.size(), 3u) << "Pending, Programmed, the new count";
  for (const Json& body : applied) {
    EXPECT_EQ(body["metadata"]["uid"], api_.Get("stevedoreroutes", "kcp")["metadata"]["uid"]);
    EXPECT_FALSE(body["metadata"]["resourceVersion"].empty());
  }
}

// Who came first is told by their timestamps alone, however wrong the clock that gave them.
TEST_F(ClusterModeTest, TheClockOfTheApiServerIsNotCompared) {
  const std::time_t now = std::time(nullptr);
  for (const int skew : {-3600, 3600}) {
    SCOPED_TRACE(skew);
    const auto at = [&](int seconds) {
      const std::time_t moment = now + skew + seconds;
      char text[32];
      std::tm parts{};
      std::strftime(text, sizeof(text), "%FT%TZ", ::gmtime_r(&moment, &parts));
      return std::string(text);
    };
    const std::string suffix = skew < 0 ? "-past" : "-future";
    const int port = skew < 0 ? 2614 : 2615;
    Json older = Route("older" + suffix, port);
    older["metadata"]["creationTimestamp"] = at(-10);
    Json newer = Route("newer" + suffix, port);
    newer["metadata"]["creationTimestamp"] = at(0);
    newer["metadata"]["namespace"] = "another";
    api_.Put("stevedoreroutes", newer);
    api_.Put("stevedoreroutes", older);
    if (!app_) Start();
    ASSERT_TRUE(WaitUntil([&] { return ConfigIn(options_.proxy_config).has_value(); }));
    // The younger route may be seen first, and own the port for a moment.
    EXPECT_TRUE(WaitUntil([&] {
      Acknowledge();
      return Condition("older" + suffix, "Programmed") == "True/Programmed";
    }));
    EXPECT_TRUE(WaitFor("newer" + suffix, "Accepted", "False/PortConflict"));
  }
}

TEST_F(ClusterModeTest, TouchesNoConfigBeforeEveryResourceIsListed) {
  const std::string former = "{ \"version\": 1, \"listeners\": [], \"upstreams\": [] }\n";
  root_.Write("config.json", former);
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  api_.Refuse("services", 403);
  Start();
  ASSERT_TRUE(WaitUntil([&] {
    int refused = 0;
    for (const std::string& request : api_.requests())
      refused += request.find("/services?") != std::string::npos;
    return refused >= 2;
  }));
  EXPECT_EQ(*ReadFile(options_.proxy_config), former);
  EXPECT_EQ(HttpGet(app_->metrics_port(), "/readyz").status, 503);
  EXPECT_EQ(HttpGet(app_->metrics_port(), "/healthz").status, 200);
  api_.Refuse("services", 0);
  EXPECT_TRUE(WaitForPeers(2));
  EXPECT_TRUE(WaitUntil([&] { return HttpGet(app_->metrics_port(), "/readyz").status == 200; }));
}

TEST_F(ClusterModeTest, KeepsTheConfigWhenTheServerTurnsBad) {
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  Start();
  ASSERT_TRUE(WaitForPeers(2));
  const std::string before = *ReadFile(options_.proxy_config);
  const auto watch_errors = [&] {
    const std::string text = HttpGet(app_->metrics_port(), "/metrics").body;
    return text.find(
               "stevedore_watch_restarts_total{resource=\"stevedoreroutes\",scope=\"\","
               "reason=\"error\"} 0") == std::string::npos;
  };
  api_.Refuse("stevedoreroutes", 503);
  api_.Put("endpointslices", Slice({"10.0.0.1"}));
  EXPECT_TRUE(WaitForPeers(1)) << "other watches go on";
  EXPECT_TRUE(WaitUntil(watch_errors));
  EXPECT_EQ(ConfigIn(options_.proxy_config)->listeners.size(), 1u);
  EXPECT_NE(*ReadFile(options_.proxy_config), before);
  api_.Put("stevedoreroutes", Route("late", 2615));
  api_.Refuse("stevedoreroutes", 0);
  EXPECT_TRUE(WaitUntil([&] { return ConfigIn(options_.proxy_config)->listeners.size() == 2; }));
}

TEST_F(ClusterModeTest, ComputesAnewWhatConflicted) {
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  // Somebody else is faster: the object moves on under the first write.
  api_.RefuseNextApply(0, [&] {
    Json object = api_.Get("stevedoreroutes", "kcp");
    object["metadata"]["labels"] = {{"by", "somebody"}};
    api_.Put("stevedoreroutes", object);
  });
  Start();
  ASSERT_TRUE(WaitFor("kcp", "Accepted", "True/Accepted"));
  const std::vector<Json> applied = api_.applied();
  ASSERT_EQ(applied.size(), 2u) << "the one that conflicted, and the one computed anew";
  EXPECT_NE(applied[0]["metadata"]["resourceVersion"], applied[1]["metadata"]["resourceVersion"]);
  EXPECT_EQ(api_.Get("stevedoreroutes", "kcp")["metadata"]["labels"]["by"], "somebody");
}

TEST_F(ClusterModeTest, TellsTransitionsAsEvents) {
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  Start();
  ASSERT_TRUE(WaitFor("kcp", "Programmed", "Unknown/Pending"));
  Acknowledge();
  ASSERT_TRUE(WaitUntil([&] { return api_.told().size() == 2; }));
  const std::vector<Json> told = api_.told();
  EXPECT_EQ(told[0]["reason"], "Accepted");
  EXPECT_EQ(told[1]["reason"], "Programmed");
  for (const Json& event : told) {
    EXPECT_EQ(event["regarding"]["uid"], api_.Get("stevedoreroutes", "kcp")["metadata"]["uid"]);
    EXPECT_NE(event["reportingInstance"], "");
  }
}

TEST_F(ClusterModeTest, WritesAStatusAgainThatTheServerCouldNotTake) {
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  api_.RefuseNextApply(500);
  Start();
  ASSERT_TRUE(WaitForPeers(2)) << "the config does not wait for statuses";
  EXPECT_TRUE(WaitFor("kcp", "Accepted", "True/Accepted"));
  EXPECT_EQ(api_.applied().size(), 2u);
}

TEST_F(ClusterModeTest, WritesStatusesOnlyWhileItLeads) {
  const auto lease_held_by = [](const std::string& holder) {
    return Json{{"metadata", {{"name", "stevedore-stevedore"}, {"namespace", "ours"}}},
                {"spec", {{"holderIdentity", holder}, {"leaseDurationSeconds", 15}}}};
  };
  options_.leader_elect = true;
  api_.Put("leases", lease_held_by("another_1"));
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  Start();
  ASSERT_TRUE(WaitForPeers(2)) << "a standby programs its own proxy";
  Acknowledge();
  ASSERT_TRUE(WaitUntil([&] {
    const std::string text = HttpGet(app_->metrics_port(), "/metrics").body;
    return text.find("stevedore_routes{condition=\"Programmed\",status=\"True\"} 1") !=
           std::string::npos;
  }));
  EXPECT_TRUE(api_.applied().empty());
  // The other one gives it up.
  api_.Put("leases", lease_held_by(""));
  EXPECT_TRUE(WaitFor("kcp", "Programmed", "True/Programmed"));
  EXPECT_EQ(api_.applied().size(), 1u);
  app_.reset();
  const Json lease = api_.Get("leases", "stevedore-stevedore");
  EXPECT_EQ(lease["spec"]["holderIdentity"], "") << "given up at the end";
}

TEST_F(ClusterModeTest, GoesOnWithoutAccessToTheLease) {
  options_.leader_elect = true;
  options_.leader_election_id = "elsewhere";
  api_.Refuse("leases", 403);
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  Start();
  ASSERT_TRUE(WaitForPeers(2)) << "datagrams need no Lease";
  EXPECT_TRUE(api_.applied().empty());
  api_.Refuse("leases", 0);
  EXPECT_TRUE(WaitFor("kcp", "Accepted", "True/Accepted"));
  EXPECT_EQ(api_.Get("leases", "elsewhere")["metadata"]["namespace"], "ours");
}

TEST_F(ClusterModeTest, LeavesTheStatusOfAnotherControllerToIt) {
  Json route = Route("kcp", 2614);
  route["status"] = {{"controllerName", "elsewhere/stevedore"}};
  api_.Put("stevedoreroutes", route);
  api_.Put("stevedoreroutes", Route("dns", 2615));
  Start();
  ASSERT_TRUE(WaitFor("dns", "Accepted", "True/Accepted"));
  ASSERT_EQ(api_.applied().size(), 1u);
  EXPECT_EQ(api_.Get("stevedoreroutes", "kcp")["status"]["controllerName"], "elsewhere/stevedore");
  EXPECT_TRUE(WaitForPeers(2)) << "its datagrams are ours all the same";
}

TEST_F(ClusterModeTest, SpeaksForOtherReplicasAndTellsThemOfItself) {
  options_.leader_elect = true;
  api_.Put("stevedoreroutes", Route("kcp", 2614));
  Start();
  ASSERT_TRUE(WaitForPeers(2));
  Acknowledge();
  ASSERT_TRUE(WaitFor("kcp", "Programmed", "True/Programmed"));
  char host[256] = {};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  const std::string own = "stevedore-" + std::string(host);
  const auto annotation = [](const Json& lease) {
    return lease.is_null() ? ""
                           : std::string(lease["metadata"]["annotations"]["stevedore.io/report"]);
  };
  ASSERT_TRUE(WaitUntil([&] {
    return annotation(api_.Get("leases", own)).find(R"("proxy":"runs")") != std::string::npos;
  }));
  Json other = api_.Get("leases", own);
  other["metadata"]["name"] = "stevedore-b";
  other["metadata"].erase("uid");
  other["spec"]["holderIdentity"] = "b";
  Json report = Json::parse(annotation(other));
  const auto put = [&] {
    other["metadata"]["annotations"]["stevedore.io/report"] = report.dump();
    api_.Put("leases", other);
  };
  report["node"] = "n2";
  report["unbound"] = {{{"name", "game/2614"}, {"error", "taken"}}};
  put();
  ASSERT_TRUE(WaitFor("kcp", "Programmed", "False/BindFailed"));
  const Json status = api_.Get("stevedoreroutes", "kcp")["status"];
  EXPECT_NE(status.dump().find("pod b on node n2"), std::string::npos) << status;
  EXPECT_EQ(status["replicas"], (Json{{"total", 2}, {"programmed", 1}}));
  report.erase("unbound");
  put();
  EXPECT_TRUE(WaitFor("kcp", "Programmed", "True/Programmed"));
  app_.reset();
  EXPECT_TRUE(api_.Get("leases", own).is_null()) << "nobody misses who ended cleanly";
}

TEST_F(ClusterModeTest, IsNamedAfterItsPod) {
  MonotonicClock clock;
  const auto open = [&](const std::string& pod_namespace) {
    auto mode = ClusterMode::Open(options_, clock, [&](const std::string& name) {
      return name == "POD_NAMESPACE" ? pod_namespace : std::string();
    });
    return mode ? (*mode)->controller_name() : mode.error().detail;
  };
  EXPECT_EQ(open("edge"), "edge/stevedore");
  EXPECT_EQ(open(""), "ours/stevedore");
}

}  // namespace
}  // namespace stevedore
