#include "controller/compile/route_compiler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxy/config/address.h"
#include "proxy/config/limits.h"

namespace stevedore::compile {
namespace {

using api::ConditionState;
using api::ConditionStatus;
using api::Reason;

// More would make a message that nobody reads.
constexpr std::size_t kMaxNamedRefusals = 3;

std::optional<std::string> RefuseNames(const RouteModel& route) {
  std::size_t longest = 0;
  for (const config::Rule& rule : route.rules) longest = std::max(longest, rule.name.size());
  for (const UpstreamModel& upstream : route.upstreams)
    longest = std::max(longest, upstream.policy.name.size());
  if (ScopedName(route.key, std::string(longest, 'x')).size() <= config::kMaxNameBytes)
    return std::nullopt;
  return "namespace, route and rule or upstream name together are longer than " +
         std::to_string(config::kMaxNameBytes) + " bytes";
}

std::optional<std::string> RefuseStaticPeers(const RouteModel& route, const PeerPolicy& policy) {
  for (const UpstreamModel& upstream : route.upstreams) {
    const auto refusal = [&](const PeerSource& source) -> std::optional<std::string> {
      for (const config::Peer& peer : source.peers)
        if (auto text = policy.RefuseStatic(peer))
          return "upstream " + upstream.policy.name + ": " + *text;
      return std::nullopt;
    };
    if (auto text = refusal(upstream.primary)) return text;
    if (!upstream.backup) continue;
    if (auto text = refusal(*upstream.backup)) return text;
  }
  return std::nullopt;
}

void Append(ConditionState& state, Reason reason, const std::string& message) {
  state.message += (state.message.empty() ? "" : "; ") + message;
  if (state.status != ConditionStatus::kFalse) state.reason = reason;
  state.status = ConditionStatus::kFalse;
}

// Takes the outcome of one source into the conditions of the route. `path` is its field.
void ReportSource(const std::string& path, const ResolvedPeers& resolved, RouteReport& report,
                  std::vector<std::string>& refused) {
  if (resolved.refs.status == ConditionStatus::kFalse)
    Append(report.resolved_refs, resolved.refs.reason,
           path + ".serviceRef: " + resolved.refs.message);
  for (const std::string& text : resolved.refused) refused.push_back(path + ": " + text);
}

void ReportAvailability(const UpstreamReport& upstream, ConditionState& available) {
  if (upstream.ready + upstream.draining > 0) return;
  if (upstream.backup_ready > 0)
    Append(available, Reason::kUsingBackup, "upstream " + upstream.name + " uses its backup peers");
  else
    Append(available, Reason::kNoPeers, "upstream " + upstream.name + " has no ready peer");
}

void ReportRefusals(const std::vector<std::string>& refused, ConditionState& available) {
  for (std::size_t i = 0; i < std::min(refused.size(), kMaxNamedRefusals); ++i)
    available.message += (available.message.empty() ? "" : "; ") + refused[i];
  if (refused.size() > kMaxNamedRefusals)
    available.message +=
        "; and " + std::to_string(refused.size() - kMaxNamedRefusals) + " more are refused";
}

std::optional<std::string> RefuseListenerAddress(const std::string& address) {
  const auto ip = config::IpAddress::Parse(address);
  if (!ip || (!ip->is_multicast() && !ip->is_broadcast())) return std::nullopt;
  return "spec.listener.address: \"" + address + "\" must be a unicast address";
}

// What a peer is found by, whatever its address is spelled like.
std::optional<config::SocketAddress> AddressOf(const config::Peer& peer) {
  const auto ip = config::IpAddress::Parse(peer.address);
  if (!ip) return std::nullopt;
  return config::SocketAddress{*ip, static_cast<std::uint16_t>(peer.port)};
}

// A peer of the primary source is no backup, too.
std::vector<config::Peer> BackupsAlone(std::vector<config::Peer> backups,
                                       const std::vector<config::Peer>& primary) {
  std::set<config::SocketAddress> taken;
  for (const config::Peer& peer : primary)
    if (const auto address = AddressOf(peer)) taken.insert(*address);
  std::erase_if(backups, [&](const config::Peer& peer) {
    const auto address = AddressOf(peer);
    return address && taken.contains(*address);
  });
  return backups;
}

}  // namespace

void CheckRoute(Candidate& candidate, const CompileOptions& options, const PeerPolicy& policy) {
  const RouteModel& route = candidate.route;
  if (auto refusal = RefuseNames(route))
    return Refuse(candidate, Reason::kInvalid, std::move(*refusal));
  if (auto refusal = RefuseListenerAddress(route.address))
    return Refuse(candidate, Reason::kInvalid, std::move(*refusal));
  if (!PortGranted(options, route.key.ns, route.port))
    return Refuse(candidate, Reason::kPortNotPermitted,
                  "port " + std::to_string(route.port) + " is not granted to namespace " +
                      route.key.ns + " by the controller's --listener-ports");
  if (auto refusal = RefuseStaticPeers(route, policy))
    Refuse(candidate, Reason::kPeerNotPermitted, std::move(*refusal));
}

std::string UpstreamName(const RouteModel& route, const std::string& upstream) {
  return upstream == config::kDeny ? upstream : ScopedName(route.key, upstream);
}

std::vector<config::Rule> CompileRules(const RouteModel& route) {
  std::vector<config::Rule> rules = route.rules;
  for (config::Rule& rule : rules) {
    rule.name = ScopedName(route.key, rule.name);
    rule.upstream = UpstreamName(route, rule.upstream);
  }
  return rules;
}

std::vector<config::Upstream> CompileUpstreams(Candidate& candidate, const PeerResolver& resolver) {
  RouteReport& report = candidate.report;
  report.resolved_refs = {ConditionStatus::kTrue, Reason::kResolvedRefs, ""};
  report.peers_available = {ConditionStatus::kTrue, Reason::kPeersReady, ""};
  std::vector<config::Upstream> upstreams;
  std::vector<std::string> refused;
  for (const UpstreamModel& model : candidate.route.upstreams) {
    config::Upstream upstream = model.policy;
    upstream.name = ScopedName(candidate.route.key, model.policy.name);
    const ResolvedPeers primary = resolver.Resolve(model.primary);
    upstream.peers = primary.peers;
    const std::string path = "spec.upstreams[" + std::to_string(upstreams.size()) + "]";
    ReportSource(path, primary, report, refused);
    UpstreamReport summary{model.policy.name,
                           upstream.name,
                           primary.total,
                           primary.ready,
                           primary.draining,
                           0,
                           upstream.health_check.has_value()};
    if (model.backup) {
      const ResolvedPeers backup = resolver.Resolve(*model.backup);
      upstream.backup_peers = BackupsAlone(backup.peers, primary.peers);
      summary.backup_ready =
          static_cast<int>(std::count_if(upstream.backup_peers.begin(), upstream.backup_peers.end(),
                                         [](const config::Peer& peer) { return !peer.draining; }));
      ReportSource(path + ".backup", backup, report, refused);
    }
    ReportAvailability(summary, report.peers_available);
    report.upstreams.push_back(std::move(summary));
    upstreams.push_back(std::move(upstream));
  }
  ReportRefusals(refused, report.peers_available);
  return upstreams;
}

}  // namespace stevedore::compile
