#include "proxy/report/metrics_exporter.h"

#include <algorithm>
#include <set>

#include "proxy/net/udp_socket.h"
#include "proxy/report/names.h"

namespace stevedore::report {
namespace {

using Labels = MetricFamilies::Labels;
using runtime::Raw;

constexpr std::array<const char*, 4> kDirections = {"client_in", "upstream_out", "upstream_in",
                                                    "client_out"};
// A series per peer is what grows: beyond this many, peers are counted per upstream alone.
constexpr std::size_t kMaxPeerSeries = 500;

// `what` is "rule" or "upstream".
Labels RouteLabels(const std::string& name, const char* what) {
  const SplitName split = Split(name);
  return {{"route_namespace", split.route_namespace}, {"route", split.route}, {what, split.name}};
}

Labels With(Labels labels, const std::string& name, const std::string& value) {
  labels.emplace_back(name, value);
  return labels;
}

}  // namespace

std::vector<prometheus::MetricFamily> MetricsExporter::Collect() const {
  const std::shared_ptr<const InForce> in_force = in_force_.Get();
  MetricFamilies out;
  AddControl(out, *in_force);
  AddWorkers(out);
  AddProbes(out);
  book_.ReadKernelDrops();
  AddListeners(out);
  if (in_force->snapshot) {
    AddRoutes(out, *in_force->snapshot);
    AddPeers(out, *in_force);
  }
  return out.Take();
}

void MetricsExporter::AddListeners(MetricFamilies& out) const {
  for (const auto& [name, totals] : book_.Totals()) {
    const Labels listener = {{"listener", name}};
    for (std::size_t i = 0; i < kDirections.size(); ++i) {
      const Labels labels = With(listener, "direction", kDirections[i]);
      out.Count("stevedore_proxy_datagrams_total", "Datagrams by direction.", totals.datagrams[i],
                labels);
      out.Count("stevedore_proxy_bytes_total", "Payload bytes by direction.", totals.bytes[i],
                labels);
    }
    const auto drops = [&](const char* direction, const auto& names, const auto& counts) {
      for (std::size_t i = 0; i < names.size(); ++i)
        out.Count("stevedore_proxy_dropped_datagrams_total", "Datagrams dropped, by reason.",
                  counts[i], With(With(listener, "direction", direction), "reason", names[i]));
    };
    drops("up", runtime::kUpDropNames, totals.up_drops);
    drops("down", runtime::kDownDropNames, totals.down_drops);
    out.Count("stevedore_proxy_kernel_drops_total",
              "Datagrams that the kernel dropped before the proxy saw them.", totals.kernel_drops,
              listener);
    out.Gauge("stevedore_proxy_sessions", "Sessions that are alive.",
              static_cast<double>(std::max<std::int64_t>(0, totals.sessions)), listener);
    out.Count("stevedore_proxy_sessions_created_total", "Sessions created.",
              totals.sessions_created, listener);
    for (std::size_t i = 0; i < totals.sessions_ended.size(); ++i)
      out.Count("stevedore_proxy_sessions_closed_total", "Sessions that ended, by reason.",
                totals.sessions_ended[i], With(listener, "reason", runtime::kSessionEndNames[i]));
  }
}

void MetricsExporter::AddRoutes(MetricFamilies& out, const runtime::Snapshot& snapshot) {
  // Rules of one name on several listeners count together.
  std::set<const runtime::RuleStats*> told;
  for (const runtime::ListenerEntry& listener : snapshot.listeners) {
    const Labels labels = {{"listener", listener.name}};
    out.Gauge("stevedore_proxy_listener_bound", "Whether the listener holds its port.",
              listener.sockets ? 1 : 0, labels);
    if (listener.sockets)
      out.Gauge("stevedore_proxy_listener_receive_buffer_bytes",
                "Receive buffer that the kernel granted to each of the listener's sockets.",
                net::ReceiveBuffer(listener.sockets->fds.front().get()), labels);
    for (const runtime::RuleTarget& rule : listener.rules) {
      if (!told.insert(rule.stats.get()).second) continue;
      out.Count("stevedore_proxy_rule_matches_total", "Datagrams that a rule decided.",
                Matches(*rule.stats), RouteLabels(rule.stats->name, "rule"));
    }
  }
  for (const runtime::UpstreamEntry& upstream : snapshot.upstreams) {
    const UpstreamTotals totals = UpstreamTotals::Of(*upstream.stats);
    const Labels labels = RouteLabels(upstream.name, "upstream");
    const char* name = "stevedore_proxy_upstream_datagrams_total";
    const char* help = "Datagrams to and from the peers of an upstream.";
    out.Count(name, help, totals.sent, With(labels, "direction", "upstream_out"));
    out.Count(name, help, totals.received, With(labels, "direction", "upstream_in"));
  }
}

void MetricsExporter::AddPeers(MetricFamilies& out, const InForce& in_force) {
  const runtime::Snapshot& snapshot = *in_force.snapshot;
  for (const config::UpstreamStatus& upstream : in_force.status.upstreams) {
    const Labels labels = RouteLabels(upstream.name, "upstream");
    const auto peers = [&](const char* state, int count) {
      out.Gauge("stevedore_proxy_upstream_peers", "Peers of an upstream by state.", count,
                With(labels, "state", state));
    };
    peers("total", upstream.total);
    peers("ready", upstream.ready);
    peers("healthy", upstream.healthy);
    peers("unhealthy", upstream.total - upstream.healthy);
    peers("draining", upstream.draining);
    peers("usable", upstream.usable);
    out.Gauge("stevedore_proxy_upstream_backup_active",
              "Whether the backup peers of an upstream serve.", upstream.backup_active ? 1 : 0,
              labels);
  }
  std::size_t series = 0;
  for (const runtime::PeerEntry& peer : snapshot.peers) {
    if (!peer.present || ++series > kMaxPeerSeries) continue;
    const std::string& upstream = snapshot.upstreams[Raw(peer.upstream)].name;
    out.Gauge("stevedore_proxy_peer_up", "Whether a peer passes its probe.",
              peer.health->passing.load() ? 1 : 0,
              With(RouteLabels(upstream, "upstream"), "peer", peer.address.ToString()));
  }
}

void MetricsExporter::AddProbes(MetricFamilies& out) const {
  const std::vector<double> bounds(health::kProbeDurationBounds.begin(),
                                   health::kProbeDurationBounds.end());
  for (const auto& [name, counts] : probes_.Get()) {
    const Labels labels = RouteLabels(name, "upstream");
    for (std::size_t i = 0; i < counts.results.size(); ++i)
      out.Count("stevedore_proxy_probes_total", "Probes by result.", counts.results[i],
                With(labels, "result", health::kProbeResultNames[i]));
    out.Histogram("stevedore_proxy_probe_duration_seconds", "From a probe's send to its verdict.",
                  bounds, {counts.durations.begin(), counts.durations.end()}, counts.duration_sum,
                  labels);
  }
}

void MetricsExporter::AddWorkers(MetricFamilies& out) const {
  const auto gauges = gauges_();
  for (std::size_t i = 0; i < gauges.size(); ++i) {
    const Labels labels = {{"worker", std::to_string(i)}};
    out.CountSeconds("stevedore_proxy_worker_busy_seconds_total", "CPU time of a worker's thread.",
                     gauges[i].busy_seconds, labels);
    out.Gauge("stevedore_proxy_worker_pool_sockets", "Upstream sockets that a worker holds open.",
              static_cast<double>(gauges[i].pool_sockets), labels);
  }
}

void MetricsExporter::AddControl(MetricFamilies& out, const InForce& in_force) {
  const char* reloads = "stevedore_proxy_config_reloads_total";
  const char* help = "Attempts to load the config, by result.";
  out.Count(reloads, help, in_force.reloads, {{"result", "success"}});
  out.Count(reloads, help, in_force.failed_reloads, {{"result", "failure"}});
  out.Gauge("stevedore_proxy_config_last_reload_successful",
            "Whether the last attempt to load the config succeeded.",
            in_force.status.last_attempt.applied ? 1 : 0);
  out.Gauge("stevedore_proxy_config_last_reload_success_timestamp_seconds",
            "When the config in force was loaded; 0 = never.", in_force.applied_at);
  out.Gauge("stevedore_proxy_config_generation", "Configs that came into force since the start.",
            static_cast<double>(in_force.reloads));
  out.Gauge("stevedore_proxy_sessions_limit", "Size of the session tables together.",
            static_cast<double>(in_force.sessions_limit));
}

}  // namespace stevedore::report
