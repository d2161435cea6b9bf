#include "controller/api_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

namespace stevedore {
namespace {

using testing::HasSubstr;

std::string Text(MetricFamilies& out) { return prometheus::TextSerializer().Serialize(out.Take()); }

TEST(AddWatchMetrics, TellHowAWatchGoes) {
  source::WatchReport report;
  report.resource = "services";
  report.scope = "game";
  report.state.synced = true;
  report.counters.added = 7;
  report.counters.restarts_expired = 1;
  report.counters.lists = 2;
  report.counters.failed_lists = 3;
  report.counters.list_seconds.Observe(0.2);
  report.counters.heard_at = 1700000000;
  MetricFamilies out;
  AddWatchMetrics(out, report);
  const std::string text = Text(out);
  const std::string labels = R"(resource="services",scope="game")";
  for (const std::string& line :
       {"stevedore_watch_events_total{" + labels + R"(,type="added"} 7)",
        "stevedore_watch_restarts_total{" + labels + R"(,reason="expired"} 1)",
        "stevedore_watch_last_event_timestamp_seconds{" + labels + "} 1700000000",
        "stevedore_watch_synced{" + labels + "} 1", "stevedore_lists_total{" + labels + "} 2",
        "stevedore_failed_lists_total{" + labels + "} 3",
        "stevedore_list_duration_seconds_bucket{" + labels + R"(,le="0.25"} 1)"})
    EXPECT_THAT(text, HasSubstr(line + "\n"));
}

TEST(AddLeadershipMetrics, NameTheLease) {
  MetricFamilies out;
  AddLeadershipMetrics(out, {"stevedore-public", true});
  AddLeadershipMetrics(out, {"other", false});
  const std::string text = Text(out);
  EXPECT_THAT(text, HasSubstr("leader_election_master_status{name=\"stevedore-public\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("leader_election_master_status{name=\"other\"} 0\n"));
}

TEST(AddClientMetrics, TellWhatWasSaidToTheServer) {
  ClientNumbers client;
  client.requests.host = "10.0.0.1:443";
  client.requests.requests = {{{"200", "GET"}, 5}, {{"<error>", "PATCH"}, 1}};
  client.requests.durations.emplace("GET", kube::kLatencyBounds).first->second.Observe(0.2);
  client.statuses_written = 4;
  client.statuses_failed = 3;
  client.statuses_conflicted = 2;
  client.events = {9, 8, 7, 6};
  MetricFamilies out;
  AddClientMetrics(out, client);
  const std::string text = Text(out);
  for (const char* line :
       {R"(rest_client_requests_total{code="200",method="GET",host="10.0.0.1:443"} 5)",
        R"(rest_client_requests_total{code="<error>",method="PATCH",host="10.0.0.1:443"} 1)",
        R"(rest_client_request_duration_seconds_count{verb="GET",host="10.0.0.1:443"} 1)",
        R"(stevedore_status_writes_total{result="success"} 4)",
        R"(stevedore_status_writes_total{result="failure"} 3)",
        R"(stevedore_status_writes_total{result="conflict"} 2)",
        R"(stevedore_events_total{result="created"} 9)",
        R"(stevedore_events_total{result="updated"} 8)",
        R"(stevedore_events_total{result="failed"} 7)",
        R"(stevedore_events_total{result="dropped"} 6)"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(AddPortMetrics, TellThePublishedService) {
  MetricFamilies out;
  AddPortMetrics(out, {5, 4, 3, 2});
  const std::string text = Text(out);
  EXPECT_THAT(text, HasSubstr("stevedore_service_writes_total{result=\"success\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("stevedore_service_writes_total{result=\"failure\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("stevedore_service_ports{state=\"published\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("stevedore_service_ports{state=\"missing\"} 2\n"));
}

}  // namespace
}  // namespace stevedore
