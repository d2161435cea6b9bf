#include "controller/app.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/fake_proxy.h"
#include "tests/controller/http_get.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore {
namespace {

constexpr const char* kRoute = R"(
apiVersion: stevedore.io/v1alpha1
kind: StevedoreRoute
metadata: {name: kcp, namespace: game}
spec:
  listener: {port: 2614}
  defaultUpstream: a
  upstreams:
  - name: a
    peers: [{address: 127.0.0.1, port: 7}]
)";

class AppTest : public testing::Test {
 protected:
  AppTest() {
    options_.directory = root_.path() + "/manifests";
    options_.proxy_config = root_.path() + "/config.json";
    options_.proxy_status = root_.path() + "/status.json";
    options_.metrics_address = "127.0.0.1:0";
    options_.status_dir = root_.path() + "/statuses";
    options_.compile.static_peers = *compile::ParseStaticPeers("any");
    root_.Write("manifests/route.yaml", kRoute);
  }
  void Start() {
    auto app = App::Start(options_);
    ASSERT_TRUE(app) << app.error().detail;
    app_ = std::move(*app);
  }
  // Why it does not start.
  std::string Refusal() {
    const auto app = App::Start(options_);
    return app ? "" : app.error().detail;
  }
  GetReply Get(const std::string& path) { return HttpGet(app_->metrics_port(), path); }
  bool WaitForPage(const std::string& path, const std::string& text) {
    return WaitUntil([&] { return Get(path).body.find(text) != std::string::npos; });
  }
  void Acknowledge() {
    ASSERT_TRUE(WriteFileAtomically(options_.proxy_status,
                                    EncodeStatus(AnswerTo(*ConfigIn(options_.proxy_config)))));
  }

  kube::TempDir root_;
  ControllerOptions options_;
  std::unique_ptr<App> app_;
};

TEST_F(AppTest, TurnsManifestsIntoAConfigAndAnAnswerIntoStatuses) {
  Start();
  ASSERT_TRUE(WaitUntil([&] { return ConfigIn(options_.proxy_config).has_value(); }));
  EXPECT_EQ(ConfigIn(options_.proxy_config)->listeners[0].port, 2614);
  EXPECT_TRUE(WaitForPage("/status", R"("reason":"Pending")"));
  Acknowledge();
  EXPECT_TRUE(WaitForPage("/status", R"("reason":"Programmed")"));
  const auto file = ReadFile(options_.status_dir + "/game_kcp.json");
  ASSERT_TRUE(file) << file.error().detail;
  EXPECT_NE(file->find(R"("reason":"Programmed")"), std::string::npos) << *file;

  root_.Write("manifests/route.yaml", "# nothing left\n---\n");
  EXPECT_TRUE(WaitUntil([&] { return ConfigIn(options_.proxy_config)->listeners.empty(); }));
  EXPECT_TRUE(WaitUntil([&] { return std::filesystem::is_empty(options_.status_dir); }));
}

TEST_F(AppTest, ServesItsPages) {
  Start();
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_TRUE(WaitUntil([&] { return Get("/readyz").status == 200; }));
  EXPECT_TRUE(WaitForPage("/metrics", "stevedore_config_writes_total{result=\"success\"} 1\n"));
  const std::string metrics = Get("/metrics").body;
  EXPECT_NE(metrics.find("process_start_time_seconds"), std::string::npos);
  EXPECT_NE(metrics.find("component=\"controller\""), std::string::npos);
  EXPECT_EQ(Get("/none").status, 404);
}

TEST_F(AppTest, RefusesAPeerThatWouldBeALoop) {
  std::string text = kRoute;
  text.replace(text.find("port: 7"), 7, "port: 2614");
  root_.Write("manifests/route.yaml", text);
  Start();
  ASSERT_TRUE(WaitUntil([&] { return ConfigIn(options_.proxy_config).has_value(); }));
  const auto config = ConfigIn(options_.proxy_config);
  ASSERT_EQ(config->upstreams.size(), 1u);
  EXPECT_TRUE(config->upstreams[0].peers.empty());
}

TEST_F(AppTest, DoesNotStartWithoutWhatItNeeds) {
  const ControllerOptions good = options_;
  options_.directory = root_.path() + "/none";
  EXPECT_NE(Refusal().find("/none"), std::string::npos);
  options_ = good;
  options_.proxy_status = root_.path() + "/nowhere/status.json";
  EXPECT_NE(Refusal().find("/nowhere"), std::string::npos);
  options_ = good;
  options_.status_dir = root_.Write("file", "") + "/below";
  EXPECT_NE(Refusal().find("--status-dir"), std::string::npos);
  options_ = good;
  options_.directory.clear();
  options_.kubeconfig = root_.path() + "/no-kubeconfig";
  EXPECT_NE(Refusal().find("no-kubeconfig"), std::string::npos);
  options_ = good;
  Start();
  options_.metrics_address = "127.0.0.1:" + std::to_string(app_->metrics_port());
  EXPECT_NE(Refusal(), "");
}

}  // namespace
}  // namespace stevedore
