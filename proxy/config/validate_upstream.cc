#include "proxy/config/byte_match.h"
#include "proxy/config/limits.h"
#include "proxy/config/validate_parts.h"

namespace stevedore::config {
namespace {

bool IsPort(std::int64_t port) { return port >= 1 && port <= 65535; }

void CheckHashKey(Checks& checks, const FieldPath& path, const Upstream& upstream) {
  const bool needed = upstream.algorithm == Algorithm::kConsistentHash;
  if (needed && !upstream.hash_key)
    checks.Report(path, "missing: algorithm ConsistentHash needs start and end, or source");
  if (!needed && upstream.hash_key)
    checks.Report(path, "must not be set with algorithm RoundRobin: only ConsistentHash hashes");
  if (upstream.hash_key && upstream.hash_key->source == KeySource::kPayload)
    checks.ByteRange(path, upstream.hash_key->start, upstream.hash_key->end);
}

void CheckAffinity(Checks& checks, const FieldPath& path, const Upstream& upstream) {
  if (upstream.affinity == Affinity::kKey && upstream.algorithm != Algorithm::kConsistentHash)
    checks.Report(path.Field("affinity"),
                  "\"Key\": needs algorithm ConsistentHash, which has a key");
  if (upstream.drain_timeout_seconds)
    checks.Range(path.Field("drainTimeoutSeconds"), *upstream.drain_timeout_seconds, 0,
                 kMaxTimeoutSeconds);
  if (upstream.follow_reply_port)
    checks.Conditions(path.Field("followReplyPort"), "restart",
                      upstream.follow_reply_port->restart);
  if (EffectiveAffinity(upstream) != Affinity::kNone) return;
  const std::string reason = ": needs affinity Flow or Key, since None keeps no peer";
  if (upstream.drain != Drain::kKeep) checks.Report(path.Field("drain"), "\"Move\"" + reason);
  if (upstream.drain_timeout_seconds)
    checks.Report(path.Field("drainTimeoutSeconds"),
                  std::to_string(*upstream.drain_timeout_seconds) + reason);
  if (upstream.follow_reply_port) checks.Report(path.Field("followReplyPort"), "set" + reason);
}

void CheckPayload(Checks& checks, const FieldPath& path, const std::string& payload) {
  const auto bytes = ParseValue(payload);
  if (!bytes || !payload.starts_with("0x")) {
    checks.Report(path, Quote(payload) + ": must be \"0x\" and pairs of hex digits");
  } else if (bytes->size() > kMaxProbePayloadBytes) {
    checks.Report(path, std::to_string(bytes->size()) + " bytes: must be at most " +
                            std::to_string(kMaxProbePayloadBytes));
  }
}

void CheckHealthCheck(Checks& checks, const FieldPath& path, const HealthCheck& check) {
  const bool period_ok = checks.Range(path.Field("periodSeconds"), check.period_seconds, 1, 300);
  const bool timeout_ok = checks.Range(path.Field("timeoutSeconds"), check.timeout_seconds, 1, 60);
  if (period_ok && timeout_ok && check.timeout_seconds > check.period_seconds)
    checks.Report(path.Field("timeoutSeconds"), std::to_string(check.timeout_seconds) +
                                                    ": must be at most periodSeconds, " +
                                                    std::to_string(check.period_seconds));
  checks.Range(path.Field("successThreshold"), check.success_threshold, 1, 10);
  checks.Range(path.Field("failureThreshold"), check.failure_threshold, 1, 10);
  CheckPayload(checks, path.Field("payload"), check.payload);
  checks.Conditions(path, "expectBytes", check.expect_bytes);
  if (!check.expect_bytes.empty() && check.expect != Expect::kReply)
    checks.Report(path.Field("expectBytes"), "needs expect \"Reply\": there is nothing to compare");
}

// Addresses that a list names, and which of its entries does first.
using Seen = std::map<SocketAddress, std::size_t>;

// `primary`: the peers to which those in `list` are the backups.
Seen CheckPeers(Checks& checks, const FieldPath& upstream_path, std::string_view list,
                const std::vector<Peer>& peers, const OwnSockets& own, const Seen& primary = {}) {
  checks.Count(upstream_path.Field(list), peers.size(), kMaxPeers);
  Seen seen;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const Peer& peer = peers[i];
    const FieldPath path = upstream_path.Item(list, i);
    checks.Range(path.Field("weight"), peer.weight, 1, kMaxWeight);
    const bool port_ok = checks.Range(path.Field("port"), peer.port, 1, 65535);
    if (const auto problem = AddressProblem(peer.address, Wildcard::kRefuse)) {
      checks.Report(path.Field("address"), *problem);
      continue;
    }
    if (!port_ok) continue;
    const SocketAddress address{*IpAddress::Parse(peer.address),
                                static_cast<std::uint16_t>(peer.port)};
    const auto [first, fresh] = seen.try_emplace(address, i);
    if (!fresh)
      checks.Report(path, address.ToString() + ": also entry " + std::to_string(first->second) +
                              " of " + std::string(list) +
                              ": give a peer once, with the weight that it shall have");
    // It would be one peer, and as a backup none that a conversation may stay on.
    if (const auto other = primary.find(address); other != primary.end())
      checks.Report(path, address.ToString() + ": also entry " + std::to_string(other->second) +
                              " of peers: a peer is a backup or it is none");
    if (const auto reason = own.LoopAt(address))
      checks.Report(path, address.ToString() + " is " + *reason +
                              ": datagrams would loop; name another address or port");
  }
  return seen;
}

}  // namespace

OwnSockets::OwnSockets(const ProxyConfig& config) {
  for (const Listener& listener : config.listeners) {
    const auto ip = IpAddress::Parse(listener.address);
    if (!ip || !IsPort(listener.port)) continue;
    const auto port = static_cast<std::uint16_t>(listener.port);
    ports_.insert(port);
    if (!ip->is_unspecified()) {
      listeners_.try_emplace({*ip, port}, listener.name);
    } else {
      (ip->is_v4() ? wildcards_v4_ : wildcards_).try_emplace(port, listener.name);
    }
  }
  for (const std::string& text : config.own_addresses)
    if (const auto ip = IpAddress::Parse(text)) published_.insert(*ip);
}

std::optional<std::string> OwnSockets::LoopAt(const SocketAddress& peer) const {
  if (const auto found = listeners_.find(peer); found != listeners_.end())
    return "the listener " + Quote(found->second);
  if (published_.contains(peer.ip) && ports_.contains(peer.port))
    return "one of ownAddresses on the port of a listener";
  if (!peer.ip.is_loopback()) return std::nullopt;
  for (const auto* wildcards : {&wildcards_, &wildcards_v4_}) {
    if (wildcards == &wildcards_v4_ && !peer.ip.is_v4()) continue;
    const auto found = wildcards->find(peer.port);
    if (found != wildcards->end()) return "the listener " + Quote(found->second);
  }
  return std::nullopt;
}

void CheckUpstream(Checks& checks, const FieldPath& path, const Upstream& upstream,
                   const OwnSockets& own) {
  if (checks.Name(path.Field("name"), upstream.name) && upstream.name == kDeny)
    checks.Report(path.Field("name"), "\"deny\": is reserved: it means to drop");
  CheckHashKey(checks, path.Field("hashKey"), upstream);
  CheckAffinity(checks, path, upstream);
  if (upstream.health_check)
    CheckHealthCheck(checks, path.Field("healthCheck"), *upstream.health_check);
  const Seen peers = CheckPeers(checks, path, "peers", upstream.peers, own);
  CheckPeers(checks, path, "backupPeers", upstream.backup_peers, own, peers);
}

}  // namespace stevedore::config
