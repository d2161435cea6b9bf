#include "proxy/report/state_json.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "proxy/base/version.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/enum_names.h"
#include "proxy/config/json_text.h"
#include "proxy/report/peer_view.h"

namespace stevedore::report {
namespace {

using config::JsonText;

constexpr std::array<const char*, 4> kDirections = {"clientIn", "upstreamOut", "upstreamIn",
                                                    "clientOut"};

// Counts by name. `all`: with those that are 0.
void Counts(JsonText& out, std::span<const char* const> names,
            std::span<const std::uint64_t> counts, bool all) {
  out.OpenObject();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (all || counts[i] != 0) out.Name(names[i]).Value(counts[i]);
  out.CloseObject();
}

void Totals(JsonText& out, const ListenerTotals& totals) {
  Counts(out.Name("datagrams"), kDirections, totals.datagrams, true);
  Counts(out.Name("bytes"), kDirections, totals.bytes, true);
  out.Name("dropped").OpenObject();
  Counts(out.Name("up"), runtime::kUpDropNames, totals.up_drops, false);
  Counts(out.Name("down"), runtime::kDownDropNames, totals.down_drops, false);
  out.CloseObject();
  out.Name("kernelDropped").Value(totals.kernel_drops);
  out.Name("sessions").Value(std::max<std::int64_t>(0, totals.sessions));
  out.Name("sessionsCreated").Value(totals.sessions_created);
}

std::string TextOf(const config::Condition& condition) {
  return "data[" + std::to_string(condition.start) + ":" + std::to_string(condition.end) + "] " +
         std::string(config::ToString(condition.op)) + " " + condition.value;
}

class StateEncoder {
 public:
  explicit StateEncoder(const State& state) : state_(state), in_force_(*state.in_force) {}

  std::string Encode() && {
    out_.OpenObject();
    out_.Name("version").Value(1);
    Process();
    Config();
    out_.Name("listeners").OpenArray();
    if (in_force_.config)
      for (std::size_t at = 0; at < in_force_.snapshot->listeners.size(); ++at) Listener(at);
    out_.CloseArray();
    out_.Name("other").OpenObject();
    Totals(out_, TotalsOf(""));
    out_.CloseObject();
    out_.Name("upstreams").OpenArray();
    if (in_force_.config) Upstreams();
    out_.CloseArray();
    out_.CloseObject();
    return std::move(out_).Take();
  }

 private:
  void Process() {
    out_.Name("process").OpenObject();
    out_.Name("version").Value(Version());
    out_.Name("revision").Value(Revision());
    out_.Name("uptimeSeconds").Value(state_.uptime);
    out_.Name("sessionsLimit").Value(in_force_.sessions_limit);
    out_.Name("workers").OpenArray();
    for (const worker::WorkerGauges& worker : state_.workers) {
      out_.OpenObject();
      out_.Name("busySeconds").Value(worker.busy_seconds);
      out_.Name("poolSockets").Value(worker.pool_sockets);
      out_.CloseObject();
    }
    out_.CloseArray();
    out_.CloseObject();
  }

  void Config() {
    out_.Name("config").OpenObject();
    out_.Name("digest").Value(in_force_.status.digest);
    out_.Name("ageSeconds");
    if (in_force_.config)
      out_.Value(std::max(0.0, state_.now - in_force_.applied_at));
    else
      out_.Null();
    out_.Name("reloads").Value(in_force_.reloads);
    out_.Name("failedReloads").Value(in_force_.failed_reloads);
    out_.Name("lastAttemptErrors").OpenArray();
    for (const config::FieldError& error : in_force_.status.last_attempt.errors)
      out_.Value(ToString(error));
    out_.CloseArray();
    out_.CloseObject();
  }

  void Listener(std::size_t at) {
    const runtime::ListenerEntry& entry = in_force_.snapshot->listeners[at];
    const config::Listener& source = (*in_force_.config)->listeners[at];
    out_.OpenObject();
    out_.Name("name").Value(entry.name);
    out_.Name("address").Value(entry.address.ToString());
    out_.Name("port").Value(entry.address.port);
    out_.Name("bound").Value(entry.sockets != nullptr);
    const auto& statuses = in_force_.status.listeners;
    out_.Name("error").Value(at < statuses.size() ? statuses[at].error : "");
    out_.Name("defaultUpstream").Value(source.default_upstream);
    Totals(out_, TotalsOf(entry.name));
    out_.Name("rules").OpenArray();
    for (std::size_t rule = 0; rule < source.rules.size(); ++rule)
      Rule(source.rules[rule], *entry.rules[rule].stats);
    out_.CloseArray();
    out_.CloseObject();
  }

  void Rule(const config::Rule& rule, const runtime::RuleStats& stats) {
    out_.OpenObject();
    out_.Name("name").Value(rule.name);
    out_.Name("match").OpenArray();
    for (const config::Condition& condition : rule.match) out_.Value(TextOf(condition));
    out_.CloseArray();
    out_.Name("upstream").Value(rule.upstream);
    out_.Name("datagrams").Value(Matches(stats));
    out_.CloseObject();
  }

  void Upstreams() {
    const PeerViews views(*in_force_.snapshot);
    for (std::size_t at = 0; at < in_force_.snapshot->upstreams.size(); ++at)
      Upstream(in_force_.snapshot->upstreams[at], (*in_force_.config)->upstreams[at],
               views.Of(at, (*in_force_.config)->upstreams[at]));
  }

  void Upstream(const runtime::UpstreamEntry& entry, const config::Upstream& source,
                const std::vector<PeerView>& peers) {
    const UpstreamTotals totals = UpstreamTotals::Of(*entry.stats);
    out_.OpenObject();
    out_.Name("name").Value(entry.name);
    out_.Name("algorithm").Value(NameOf(config::kAlgorithmNames, entry.algorithm));
    out_.Name("affinity").Value(NameOf(config::kAffinityNames, entry.affinity));
    out_.Name("probe");
    if (source.health_check)
      out_.Value(NameOf(config::kExpectNames, source.health_check->expect));
    else
      out_.Null();
    Probes(entry.name);
    out_.Name("serving").Value(report::NameOf(entry.picks.tier));
    out_.Name("usable").Value(entry.picks.usable.size());
    out_.Name("datagrams").OpenObject();
    out_.Name("upstreamOut").Value(totals.sent);
    out_.Name("upstreamIn").Value(totals.received);
    out_.CloseObject();
    const std::size_t listed = std::min(peers.size(), kMaxPeersListed);
    out_.Name("peers").OpenArray();
    for (std::size_t i = 0; i < listed; ++i) Peer(peers[i]);
    out_.CloseArray();
    out_.Name("peersNotListed").Value(peers.size() - listed);
    out_.CloseObject();
  }

  void Probes(const std::string& upstream) {
    const auto found = state_.probes.find(upstream);
    Counts(out_.Name("probes"), health::kProbeResultNames,
           found == state_.probes.end() ? health::ProbeCounts{}.results : found->second.results,
           true);
  }

  void Peer(const PeerView& peer) {
    out_.OpenObject();
    out_.Name("address").Value(peer.address);
    out_.Name("role").Value(peer.role);
    out_.Name("weight").Value(peer.weight);
    out_.Name("passing");
    peer.passing ? out_.Value(*peer.passing) : out_.Null();
    out_.Name("usable").Value(peer.usable);
    out_.Name("share").Value(peer.share);
    out_.Name("replySeconds");
    peer.reply_seconds ? out_.Value(*peer.reply_seconds) : out_.Null();
    out_.CloseObject();
  }

  ListenerTotals TotalsOf(const std::string& listener) const {
    const auto found = state_.totals.find(listener);
    return found == state_.totals.end() ? ListenerTotals{} : found->second;
  }

  const State& state_;
  const InForce& in_force_;
  JsonText out_;
};

}  // namespace

std::string EncodeState(const State& state) { return StateEncoder(state).Encode(); }

}  // namespace stevedore::report
