#include "controller/metrics.h"

#include <map>
#include <string>
#include <utility>

#include "proxy/base/metric_families.h"

namespace stevedore {
namespace {

void AddSync(MetricFamilies& out, const SyncNumbers& sync) {
  const char* reconciles = "controller_runtime_reconcile_total";
  const char* help = "Compiles of the whole picture.";
  out.Count(reconciles, help, sync.syncs, {{"controller", "sync"}, {"result", "success"}});
  out.Count(reconciles, help, sync.sync_errors, {{"controller", "sync"}, {"result", "error"}});
  out.Histogram("controller_runtime_reconcile_time_seconds",
                "Time from the picture to the written config and statuses.", {},
                {sync.syncs + sync.sync_errors}, sync.sync_seconds, {{"controller", "sync"}});
  out.Count("controller_runtime_reconcile_errors_total", "Compiles whose config was not written.",
            sync.sync_errors, {{"controller", "sync"}});
  const char* writes = "stevedore_config_writes_total";
  out.Count(writes, "Writes of the proxy's config.", sync.config_writes, {{"result", "success"}});
  out.Count(writes, "Writes of the proxy's config.", sync.config_write_errors,
            {{"result", "failure"}});
  out.Gauge("stevedore_config_last_write_timestamp_seconds",
            "When the config was last written; 0 = never.", sync.config_written_at);
  out.Gauge("stevedore_config_size_bytes", "Size of the config file.",
            static_cast<double>(sync.config_bytes));
  for (const auto& [key, count] : sync.routes)
    out.Gauge("stevedore_routes", "Routes of the class by condition and its status.", count,
              {{"condition", key.first}, {"status", key.second}});
}

void AddWatch(MetricFamilies& out, const source::WatchReport& watch) {
  const kube::ReflectorCounters& n = watch.counters;
  const std::pair<std::string, std::string> resource{"resource", watch.resource};
  const std::pair<std::string, std::string> scope{"scope", watch.scope};
  for (const auto& [type, count] : std::map<std::string, std::uint64_t>{{"added", n.added},
                                                                        {"modified", n.modified},
                                                                        {"deleted", n.deleted},
                                                                        {"bookmark", n.bookmarks},
                                                                        {"error", n.errors}})
    out.Count("stevedore_watch_events_total", "Watch events by type.", count,
              {resource, scope, {"type", type}});
  for (const auto& [reason, count] :
       std::map<std::string, std::uint64_t>{{"eof", n.restarts_eof},
                                            {"expired", n.restarts_expired},
                                            {"timeout", n.restarts_timeout},
                                            {"error", n.restarts_error}})
    out.Count("stevedore_watch_restarts_total", "Watches that ended, by reason.", count,
              {resource, scope, {"reason", reason}});
  out.Count("stevedore_lists_total", "Complete lists.", n.lists, {resource, scope});
  out.Gauge("stevedore_watch_synced", "Whether a complete list was delivered.",
            watch.state.synced ? 1 : 0, {resource, scope});
}

}  // namespace

std::vector<prometheus::MetricFamily> ControllerMetrics::Collect() const {
  MetricFamilies out;
  AddSync(out, sync_());
  if (watches_)
    for (const source::WatchReport& watch : watches_()) AddWatch(out, watch);
  return out.Take();
}

}  // namespace stevedore
