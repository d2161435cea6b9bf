#include "controller/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <set>

#include "controller/app.h"
#include "tests/controller/documented_metrics.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/http_get.h"
#include "tests/controller/kube/temp_dir.h"
#include "tests/controller/scripted_api.h"

namespace stevedore {
namespace {

using Json = ScriptedApi::Json;
using testing::HasSubstr;
using testing::Not;

TEST(ControllerMetrics, EachFamilyStandsOnceAndSaysWhatItIs) {
  ControllerNumbers numbers;
  numbers.watches.resize(2);
  numbers.watches[0].resource = "services";
  numbers.watches[1].resource = "stevedoreroutes";
  numbers.leadership = Leadership{"stevedore", true};
  numbers.client.emplace();
  numbers.ports.emplace();
  const ControllerMetrics metrics([&] { return numbers; });
  std::set<std::string> names;
  for (const prometheus::MetricFamily& family : metrics.Collect()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " is there twice";
    EXPECT_FALSE(family.help.empty()) << family.name;
  }
  EXPECT_GT(names.size(), 20u);
}

TEST(ControllerMetrics, SayNothingOfAnApiServerWhereThereIsNone) {
  const ControllerMetrics metrics([] { return ControllerNumbers(); });
  const std::string text = prometheus::TextSerializer().Serialize(metrics.Collect());
  EXPECT_THAT(text, HasSubstr("controller_runtime_reconcile_total"));
  for (const char* absent : {"stevedore_watch", "rest_client", "leader_election",
                             "stevedore_status_writes", "stevedore_service"})
    EXPECT_THAT(text, Not(HasSubstr(absent)));
}

// A controller of a cluster that has done everything once.
class DocumentedMetricsTest : public testing::Test {
 protected:
  void SetUp() override {
    api_.Put(
        "stevedoreroutes",
        {{"metadata", {{"name", "kcp"}, {"namespace", "ours"}, {"generation", 1}}},
         {"spec",
          {{"listener", {{"port", 2614}}},
           {"defaultUpstream", "a"},
           {"upstreams", {{{"name", "a"}, {"serviceRef", {{"name", "pods"}, {"port", 53}}}}}}}}});
    ControllerOptions options;
    options.kubeconfig = root_.Write("kubeconfig", api_.Kubeconfig());
    options.proxy_config = root_.path() + "/config.json";
    options.proxy_status = root_.path() + "/status.json";
    options.metrics_address = "127.0.0.1:0";
    options.leader_elect = true;
    options.compile.published_service = kube::Key{"ours", "stevedore"};
    auto app = App::Start(options);
    ASSERT_TRUE(app) << app.error().detail;
    app_ = std::move(*app);
  }
  std::string Page() { return HttpGet(app_->metrics_port(), "/metrics").body; }
  bool WaitForPage(const std::string& text) {
    return WaitUntil([&] { return Page().find(text) != std::string::npos; });
  }

  kube::TempDir root_;
  ScriptedApi api_;
  std::unique_ptr<App> app_;
};

TEST_F(DocumentedMetricsTest, AreThoseThatARunningControllerExposes) {
  ASSERT_TRUE(WaitForPage("stevedore_config_writes_total{result=\"success\"} 1\n"));
  ASSERT_TRUE(WaitForPage("stevedore_routes{"));
  ASSERT_TRUE(WaitForPage("rest_client_request_duration_seconds_count{"));
  const auto document = ReadFile("docs/metrics.md");
  ASSERT_TRUE(document) << document.error().detail;
  const MetricList documented = DocumentedMetrics(*document, {"Controller", "Both"});
  const MetricList exposed = ExposedMetrics(Page());
  ASSERT_GT(documented.size(), 30u);
  for (const auto& [name, what] : documented) {
    ASSERT_TRUE(exposed.contains(name)) << name << " is in docs/metrics.md alone";
    EXPECT_EQ(what, exposed.at(name)) << name << " differs";
  }
  for (const auto& [name, what] : exposed)
    EXPECT_TRUE(documented.contains(name)) << name << " (" << what << ") is not documented";
}

}  // namespace
}  // namespace stevedore
