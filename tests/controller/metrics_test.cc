#include "controller/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <set>

namespace stevedore {
namespace {

using prometheus::MetricFamily;

SyncNumbers Numbers() {
  SyncNumbers numbers;
  numbers.syncs = 5;
  numbers.sync_errors = 2;
  numbers.sync_seconds = 0.5;
  numbers.config_writes = 3;
  numbers.config_write_errors = 2;
  numbers.config_written_at = 1700000000;
  numbers.config_bytes = 1234;
  numbers.routes = {{{"Accepted", "True"}, 4}, {{"Accepted", "False"}, 1}};
  return numbers;
}

source::WatchReport Watch(const std::string& resource, const std::string& scope) {
  source::WatchReport report;
  report.resource = resource;
  report.scope = scope;
  report.state.synced = true;
  report.counters.added = 7;
  report.counters.restarts_expired = 1;
  report.counters.lists = 2;
  return report;
}

std::string Text(const ControllerMetrics& metrics) {
  return prometheus::TextSerializer().Serialize(metrics.Collect());
}

void ExpectLine(const std::string& text, const std::string& line) {
  EXPECT_NE(("\n" + text).find("\n" + line + "\n"), std::string::npos) << line << "\nin\n" << text;
}

TEST(ControllerMetrics, TellNumbersOfTheLoop) {
  const std::string text = Text(ControllerMetrics(Numbers, {}));
  ExpectLine(text, R"(controller_runtime_reconcile_total{controller="sync",result="success"} 5)");
  ExpectLine(text, R"(controller_runtime_reconcile_total{controller="sync",result="error"} 2)");
  ExpectLine(text, R"(controller_runtime_reconcile_errors_total{controller="sync"} 2)");
  ExpectLine(text, R"(controller_runtime_reconcile_time_seconds_count{controller="sync"} 7)");
  ExpectLine(text, R"(controller_runtime_reconcile_time_seconds_sum{controller="sync"} 0.5)");
  ExpectLine(text, R"(stevedore_config_writes_total{result="success"} 3)");
  ExpectLine(text, R"(stevedore_config_writes_total{result="failure"} 2)");
  ExpectLine(text, "stevedore_config_last_write_timestamp_seconds 1700000000");
  ExpectLine(text, "stevedore_config_size_bytes 1234");
  ExpectLine(text, R"(stevedore_routes{condition="Accepted",status="True"} 4)");
  ExpectLine(text, R"(stevedore_routes{condition="Accepted",status="False"} 1)");
  EXPECT_EQ(text.find("stevedore_watch"), std::string::npos);
}

TEST(ControllerMetrics, TellEveryWatchUnderOneFamilyPerName) {
  const ControllerMetrics metrics(Numbers, [] {
    return std::vector{Watch("services", ""), Watch("stevedoreroutes", "game")};
  });
  const std::string text = Text(metrics);
  ExpectLine(text, R"(stevedore_watch_events_total{resource="services",scope="",type="added"} 7)");
  ExpectLine(text,
             R"(stevedore_watch_restarts_total{resource="services",scope="",reason="expired"} 1)");
  ExpectLine(text, R"(stevedore_lists_total{resource="stevedoreroutes",scope="game"} 2)");
  ExpectLine(text, R"(stevedore_watch_synced{resource="stevedoreroutes",scope="game"} 1)");
  std::set<std::string> names;
  for (const MetricFamily& family : metrics.Collect()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " is there twice";
    EXPECT_FALSE(family.help.empty()) << family.name;
  }
}

}  // namespace
}  // namespace stevedore
