#include "controller/sync_metrics.h"

#include <string>
#include <utility>

namespace stevedore {
namespace {

using Labels = MetricFamilies::Labels;

const Labels kSync = {{"controller", "sync"}};
const Labels kQueue = {{"name", "sync"}, {"controller", "sync"}};

const char* ResourceOf(source::Kind kind) {
  switch (kind) {
    case source::Kind::kRoute:
      return "stevedoreroutes";
    case source::Kind::kService:
      return "services";
    case source::Kind::kEndpointSlice:
      return "endpointslices";
    case source::Kind::kEndpoints:
      return "endpoints";
  }
  return "";
}

void AddConfig(MetricFamilies& out, const SyncNumbers& sync) {
  const char* writes = "stevedore_config_writes_total";
  out.Count(writes, "Writes of the proxy's config.", sync.config_writes, {{"result", "success"}});
  out.Count(writes, "Writes of the proxy's config.", sync.config_write_errors,
            {{"result", "failure"}});
  out.Gauge("stevedore_config_last_write_timestamp_seconds",
            "When the config was last written; 0 = never.", sync.config_written_at);
  out.Gauge("stevedore_config_size_bytes", "Size of the config file.",
            static_cast<double>(sync.config_bytes));
  out.Histogram("stevedore_config_propagation_seconds",
                "From the first change of an object to the config that holds it.",
                sync.propagation);
}

}  // namespace

void AddSyncMetrics(MetricFamilies& out, const SyncNumbers& sync) {
  const auto results = [&](const char* result, std::uint64_t count) {
    out.Count("controller_runtime_reconcile_total", "Compiles of the whole picture, by result.",
              count, {{"controller", "sync"}, {"result", result}});
  };
  results("success", sync.syncs - sync.requeues);
  results("error", sync.sync_errors);
  results("requeue_after", sync.requeues);
  out.Count("controller_runtime_reconcile_errors_total", "Compiles whose config was not written.",
            sync.sync_errors, kSync);
  out.Histogram("controller_runtime_reconcile_time_seconds",
                "From the picture to the written config and statuses.", sync.reconcile, kSync);
  out.Gauge("controller_runtime_active_workers", "Whether the loop is at work.",
            sync.running > 0 ? 1 : 0, kSync);
  out.Gauge("controller_runtime_max_concurrent_reconciles", "Loops; always 1.", 1, kSync);
  AddConfig(out, sync);
  for (const auto& [key, count] : sync.routes)
    out.Gauge("stevedore_routes", "Routes of the class by condition and its status.", count,
              {{"condition", key.first}, {"status", key.second}});
  for (const auto& [kind, count] : sync.objects)
    out.Gauge("stevedore_cache_objects", "Objects in the picture.", static_cast<double>(count),
              {{"resource", ResourceOf(kind)}});
}

void AddQueueMetrics(MetricFamilies& out, const SyncNumbers& sync) {
  Labels depth = kQueue;
  depth.emplace_back("priority", "");
  out.Gauge("workqueue_depth", "Whether news wait for the loop.", sync.news_waiting ? 1 : 0, depth);
  out.Count("workqueue_adds_total", "Turns of the loop for news.", sync.adds, kQueue);
  out.Count("workqueue_retries_total", "Turns of the loop for what an earlier one left over.",
            sync.retries, kQueue);
  out.Histogram("workqueue_queue_duration_seconds", "From the first news to the turn for them.",
                sync.queued, kQueue);
  out.Histogram("workqueue_work_duration_seconds", "Duration of a compile with its writes.",
                sync.work, kQueue);
  out.Gauge("workqueue_unfinished_work_seconds", "Age of the turn that is under way.", sync.running,
            kQueue);
  out.Gauge("workqueue_longest_running_processor_seconds", "Age of the turn that is under way.",
            sync.running, kQueue);
}

}  // namespace stevedore
