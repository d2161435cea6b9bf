#include "controller/api_metrics.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace stevedore {
namespace {

using Labels = MetricFamilies::Labels;
using Counts = std::initializer_list<std::pair<const char*, std::uint64_t>>;

void AddCounts(MetricFamilies& out, const char* name, const char* help, const Labels& common,
               const char* label, Counts counts) {
  for (const auto& [value, count] : counts) {
    Labels labels = common;
    labels.emplace_back(label, value);
    out.Count(name, help, count, labels);
  }
}

}  // namespace

void AddWatchMetrics(MetricFamilies& out, const source::WatchReport& watch) {
  const kube::ReflectorCounters& n = watch.counters;
  const Labels labels = {{"resource", watch.resource}, {"scope", watch.scope}};
  AddCounts(out, "stevedore_watch_events_total", "Watch events by type.", labels, "type",
            {{"added", n.added},
             {"modified", n.modified},
             {"deleted", n.deleted},
             {"bookmark", n.bookmarks},
             {"error", n.errors}});
  AddCounts(out, "stevedore_watch_restarts_total", "Watches that ended, by reason.", labels,
            "reason",
            {{"eof", n.restarts_eof},
             {"expired", n.restarts_expired},
             {"timeout", n.restarts_timeout},
             {"error", n.restarts_error}});
  out.Gauge("stevedore_watch_last_event_timestamp_seconds",
            "When the API server was last heard of this resource; 0 = never.", n.heard_at, labels);
  out.Gauge("stevedore_watch_synced", "Whether a complete list was delivered.",
            watch.state.synced ? 1 : 0, labels);
  out.Count("stevedore_lists_total", "Complete lists.", n.lists, labels);
  out.Count("stevedore_failed_lists_total", "Lists that failed.", n.failed_lists, labels);
  out.Histogram("stevedore_list_duration_seconds", "Duration of complete lists.", n.list_seconds,
                labels);
}

void AddLeadershipMetrics(MetricFamilies& out, const Leadership& leadership) {
  out.Gauge("leader_election_master_status", "Whether this replica holds the Lease.",
            leadership.leads ? 1 : 0, {{"name", leadership.name}});
}

void AddClientMetrics(MetricFamilies& out, const ClientNumbers& client) {
  const kube::RequestNumbers& sent = client.requests;
  for (const auto& [key, count] : sent.requests)
    out.Count("rest_client_requests_total", "Requests to the API server.", count,
              {{"code", key.first}, {"method", key.second}, {"host", sent.host}});
  for (const auto& [verb, durations] : sent.durations)
    out.Histogram("rest_client_request_duration_seconds", "Duration of requests, watches left out.",
                  durations, {{"verb", verb}, {"host", sent.host}});
  AddCounts(out, "stevedore_status_writes_total", "Writes of a route's status.", {}, "result",
            {{"success", client.statuses_written},
             {"failure", client.statuses_failed},
             {"conflict", client.statuses_conflicted}});
  const publish::EventNumbers& events = client.events;
  AddCounts(out, "stevedore_events_total", "Events told, and those that were not.", {}, "result",
            {{"created", events.created},
             {"updated", events.updated},
             {"failed", events.failed},
             {"dropped", events.dropped}});
}

void AddPortMetrics(MetricFamilies& out, const publish::PortNumbers& ports) {
  AddCounts(out, "stevedore_service_writes_total", "Writes of the published Service.", {}, "result",
            {{"success", ports.written}, {"failure", ports.failed}});
  const char* name = "stevedore_service_ports";
  const char* help = "Ports of listeners, by whether the published Service has them.";
  out.Gauge(name, help, static_cast<double>(ports.published), {{"state", "published"}});
  out.Gauge(name, help, static_cast<double>(ports.missing), {{"state", "missing"}});
}

}  // namespace stevedore
