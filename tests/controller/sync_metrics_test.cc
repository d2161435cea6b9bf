#include "controller/sync_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

namespace stevedore {
namespace {

using testing::HasSubstr;

SyncNumbers Numbers() {
  SyncNumbers numbers;
  numbers.syncs = 5;
  numbers.sync_errors = 2;
  numbers.requeues = 1;
  numbers.adds = 6;
  numbers.retries = 3;
  numbers.reconcile.Observe(0.02);
  numbers.work.Observe(0.02);
  numbers.queued.Observe(0.002);
  numbers.running = 0.25;
  numbers.news_waiting = true;
  numbers.objects = {{source::Kind::kRoute, 4}, {source::Kind::kEndpointSlice, 7}};
  numbers.propagation.Observe(0.03);
  return numbers;
}

TEST(AddSyncMetrics, TellReconcilesByTheirResult) {
  MetricFamilies out;
  AddSyncMetrics(out, Numbers());
  const std::string text = prometheus::TextSerializer().Serialize(out.Take());
  for (const char* line :
       {R"(controller_runtime_reconcile_total{controller="sync",result="success"} 4)",
        R"(controller_runtime_reconcile_total{controller="sync",result="error"} 2)",
        R"(controller_runtime_reconcile_total{controller="sync",result="requeue_after"} 1)",
        R"(controller_runtime_reconcile_errors_total{controller="sync"} 2)",
        R"(controller_runtime_reconcile_time_seconds_bucket{controller="sync",le="0.025"} 1)",
        R"(controller_runtime_reconcile_time_seconds_bucket{controller="sync",le="0.01"} 0)",
        R"(controller_runtime_active_workers{controller="sync"} 1)",
        R"(stevedore_cache_objects{resource="stevedoreroutes"} 4)",
        R"(stevedore_cache_objects{resource="endpointslices"} 7)",
        R"(stevedore_config_propagation_seconds_bucket{le="0.05"} 1)"})
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(AddQueueMetrics, TellTheLoopAsAQueueOfOneItem) {
  MetricFamilies out;
  AddQueueMetrics(out, Numbers());
  const std::string text = prometheus::TextSerializer().Serialize(out.Take());
  const std::string labels = R"(name="sync",controller="sync")";
  for (const std::string& line :
       {"workqueue_depth{" + labels + R"(,priority=""} 1)",
        "workqueue_adds_total{" + labels + "} 6", "workqueue_retries_total{" + labels + "} 3",
        "workqueue_queue_duration_seconds_bucket{" + labels + R"(,le="0.01"} 1)",
        "workqueue_work_duration_seconds_count{" + labels + "} 1",
        "workqueue_unfinished_work_seconds{" + labels + "} 0.25",
        "workqueue_longest_running_processor_seconds{" + labels + "} 0.25"})
    EXPECT_THAT(text, HasSubstr(line + "\n"));
}

}  // namespace
}  // namespace stevedore
