#include "proxy/runtime/snapshot_builder.h"

#include <algorithm>
#include <chrono>
#include <set>

namespace stevedore::runtime {
namespace {

// Longer than anything can hold an id: a session's last breath and the rest of its lease.
Nanos IdRest(const config::ProxyConfig& config) {
  std::int64_t longest = 60;
  for (const config::Listener& listener : config.listeners)
    longest = std::max(
        {longest, listener.session.idle_timeout_seconds + listener.session.max_reply_only_seconds});
  return std::chrono::seconds(2 * longest + 60);
}

std::uint32_t PerWorkerShare(std::int64_t total, unsigned workers) {
  return static_cast<std::uint32_t>((total + workers - 1) / workers);
}

std::shared_ptr<const AccessList> MakeAccess(const config::Listener& listener) {
  if (listener.allow.empty() && listener.deny.empty()) return nullptr;
  const auto ranges = [](const std::vector<std::string>& texts) {
    std::vector<config::Cidr> parsed;
    parsed.reserve(texts.size());
    for (const std::string& text : texts)
      parsed.push_back(config::Cidr::Parse(text).value_or(config::Cidr{}));
    return parsed;
  };
  return std::make_shared<AccessList>(ranges(listener.allow), ranges(listener.deny));
}

TokenRate MakeRate(const std::optional<config::SourceRate>& limit) {
  if (!limit) return {};
  constexpr std::int64_t kSecond = Nanos(std::chrono::seconds(1)).count();
  // Rounded up: never more than was asked for.
  const std::int64_t interval =
      (kSecond + limit->datagrams_per_second - 1) / limit->datagrams_per_second;
  return {interval, interval * config::EffectiveBurst(*limit)};
}

// Matches what holds any of the conditions.
RuleMatcher RestartMatcher(const std::vector<config::Condition>& conditions) {
  std::vector<config::Rule> rules;
  rules.reserve(conditions.size());
  for (const config::Condition& condition : conditions) rules.push_back({"", {condition}, ""});
  return RuleMatcher(rules);
}

// A peer that answers from any port needs a lease that covers all ports of its address, and so does
// every other peer there.
void MarkWholeHosts(Snapshot& snapshot) {
  std::set<config::IpAddress> hosts;
  for (const PeerEntry& peer : snapshot.peers)
    if (peer.present && snapshot.upstreams[Raw(peer.upstream)].follow_reply_port)
      hosts.insert(peer.address.ip);
  for (PeerEntry& peer : snapshot.peers)
    peer.whole_host = peer.present && hosts.contains(peer.address.ip);
}

// What no client may claim to be. REQUIRES: listeners and peers are all there.
void ListTaken(Snapshot& snapshot) {
  snapshot.taken_ports = snapshot.listener_ports;
  for (const PeerEntry& peer : snapshot.peers) {
    if (!peer.present) continue;
    snapshot.taken_ports.set(peer.address.port);
    snapshot.peer_addresses.push_back(peer.address);
  }
  std::sort(snapshot.peer_addresses.begin(), snapshot.peer_addresses.end());
}

}  // namespace

void SnapshotBuilder::Register(const BuildInput& input) {
  const auto round = [this](auto step) {
    step(registry_.listeners), step(registry_.upstreams), step(registry_.peers);
    step(registry_.rules);
  };
  round([](auto& book) { book.BeginRound(); });
  const unsigned workers = registry_.workers;
  for (const config::Listener& listener : input.config->listeners) {
    auto& record = registry_.listeners.Get(config::AddressOf(listener), [&] {
      return ListenerRecord{std::make_shared<ListenerStats>(listener.name, workers), nullptr, ""};
    });
    if (record.value.stats->name != listener.name)
      record.value.stats = std::make_shared<ListenerStats>(listener.name, workers);
    for (const config::Rule& rule : listener.rules)
      registry_.rules.Get(rule.name,
                          [&] { return std::make_shared<RuleStats>(rule.name, workers); });
  }
  for (const config::Upstream& upstream : input.config->upstreams) {
    registry_.upstreams.Get(upstream.name, [&] {
      return UpstreamRecord{std::make_shared<UpstreamStats>(upstream.name, workers)};
    });
    for (const auto* peers : {&upstream.peers, &upstream.backup_peers}) {
      for (const config::Peer& peer : *peers) {
        const auto address = config::AddressOf(peer);
        auto& record = registry_.peers.Get({upstream.name, address}, [] {
          return PeerRecord{std::make_shared<PeerHealth>(), std::nullopt};
        });
        if (!peer.draining) record.value.draining_since.reset();
        if (peer.draining && !record.value.draining_since) record.value.draining_since = input.now;
      }
    }
  }
  const Nanos rest = IdRest(*input.config);
  round([&](auto& book) { book.EndRound(input.now, rest); });
}

std::shared_ptr<const Snapshot> SnapshotBuilder::Build(const BuildInput& input) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->generation = ++generation_;
  snapshot->nowhere = registry_.nowhere;
  snapshot->local_addresses = input.local_addresses;
  std::sort(snapshot->local_addresses.begin(), snapshot->local_addresses.end());
  for (const std::string& address : input.config->own_addresses)
    snapshot->own_addresses.push_back(
        config::IpAddress::Parse(address).value_or(config::IpAddress{}));
  std::sort(snapshot->own_addresses.begin(), snapshot->own_addresses.end());
  snapshot->upstream_limit = registry_.upstreams.limit();
  snapshot->peers.resize(registry_.peers.limit());
  next_deadline_.reset();
  index_by_name_.clear();
  for (const config::Upstream& upstream : input.config->upstreams)
    BuildUpstream(input, upstream, *snapshot);
  MarkWholeHosts(*snapshot);
  snapshot->listener_by_id.assign(registry_.listeners.limit(), Snapshot::kNoListener);
  for (const config::Listener& listener : input.config->listeners) {
    ListenerEntry entry = BuildListener(listener);
    snapshot->listener_by_id[Raw(entry.id)] =
        static_cast<std::uint32_t>(snapshot->listeners.size());
    snapshot->listener_ports.set(entry.address.port);
    snapshot->listeners.push_back(std::move(entry));
  }
  ListTaken(*snapshot);
  return snapshot;
}

PeerState SnapshotBuilder::StateOf(const BuildInput& input, const config::Upstream& upstream,
                                   const config::Peer& peer, bool backup) {
  const auto address = config::AddressOf(peer);
  const auto& record = registry_.peers.entries().at({upstream.name, address});
  PeerState state;
  state.id = PeerId{record.id};
  state.peer = {address, static_cast<std::uint32_t>(peer.weight)};
  state.backup = backup;
  state.draining = peer.draining;
  state.passing = !upstream.health_check || record.value.health->passing.load();
  if (record.value.draining_since && upstream.drain_timeout_seconds) {
    const Nanos deadline =
        *record.value.draining_since + std::chrono::seconds(*upstream.drain_timeout_seconds);
    state.drain_expired = input.now >= deadline;
    if (!state.drain_expired && (!next_deadline_ || deadline < *next_deadline_))
      next_deadline_ = deadline;
  }
  return state;
}

void SnapshotBuilder::BuildUpstream(const BuildInput& input, const config::Upstream& upstream,
                                    Snapshot& snapshot) {
  std::vector<PeerState> states;
  for (const config::Peer& peer : upstream.peers)
    states.push_back(StateOf(input, upstream, peer, false));
  for (const config::Peer& peer : upstream.backup_peers)
    states.push_back(StateOf(input, upstream, peer, true));
  const auto& record = registry_.upstreams.entries().at(upstream.name);
  UpstreamEntry entry;
  entry.id = UpstreamId{record.id};
  entry.name = upstream.name;
  entry.algorithm = upstream.algorithm;
  entry.affinity = config::EffectiveAffinity(upstream);
  if (upstream.hash_key) entry.key.emplace(*upstream.hash_key, input.config->hash_seed);
  entry.stats = record.value.stats;
  if (upstream.follow_reply_port) {
    entry.follow_reply_port = true;
    entry.restart = RestartMatcher(upstream.follow_reply_port->restart);
  }
  entry.picks = BuildPickSet(states, upstream.algorithm, upstream.when_none_usable,
                             input.config->hash_seed, maglev_);
  const auto index = static_cast<UpstreamIndex>(snapshot.upstreams.size());
  for (const PeerState& state : states) {
    PeerEntry& peer = snapshot.peers[Raw(state.id)];
    peer.present = true;
    peer.keepable = Keepable(state, entry.picks, upstream.drain);
    peer.upstream = index;
    peer.address = state.peer.address;
    peer.health = registry_.peers.entries().at({upstream.name, peer.address}).value.health;
  }
  index_by_name_[upstream.name] = index;
  snapshot.upstreams.push_back(std::move(entry));
}

ListenerEntry SnapshotBuilder::BuildListener(const config::Listener& listener) const {
  const auto find = [this](const std::string& name) {
    const auto found = index_by_name_.find(name);
    return found == index_by_name_.end() ? kDenyIndex : found->second;
  };
  ListenerEntry entry;
  entry.address = config::AddressOf(listener);
  const auto& record = registry_.listeners.entries().at(entry.address);
  entry.id = ListenerId{record.id};
  entry.name = listener.name;
  entry.wildcard = entry.address.ip.is_unspecified();
  entry.max_datagram_bytes = static_cast<std::uint32_t>(listener.max_datagram_bytes);
  entry.max_tries = static_cast<std::uint32_t>(listener.max_tries);
  const config::SessionSettings& session = listener.session;
  entry.session = {static_cast<std::uint32_t>(session.idle_timeout_seconds),
                   static_cast<std::uint32_t>(session.embryonic_timeout_seconds),
                   static_cast<std::uint32_t>(session.max_reply_only_seconds),
                   PerWorkerShare(session.max_sessions, registry_.workers),
                   PerWorkerShare(session.max_sessions_per_source, registry_.workers),
                   static_cast<std::uint32_t>(session.max_reply_ratio)};
  entry.access = MakeAccess(listener);
  entry.rate = MakeRate(listener.rate_limit);
  entry.guarded = entry.access != nullptr || entry.rate.interval != 0;
  entry.matcher = RuleMatcher(listener.rules);
  for (const config::Rule& rule : listener.rules)
    entry.rules.push_back({find(rule.upstream), registry_.rules.entries().at(rule.name).value});
  if (listener.default_upstream != config::kDeny)
    entry.default_upstream = find(listener.default_upstream);
  entry.sockets = record.value.sockets;
  entry.stats = record.value.stats;
  return entry;
}

std::vector<config::UpstreamStatus> CountPeers(const Snapshot& snapshot,
                                               const config::ValidConfig& config,
                                               Registry& registry) {
  std::vector<config::UpstreamStatus> counts;
  for (std::size_t i = 0; i < config->upstreams.size(); ++i) {
    const config::Upstream& upstream = config->upstreams[i];
    const PickSet& picks = snapshot.upstreams[i].picks;
    config::UpstreamStatus status;
    status.name = upstream.name;
    for (const config::Peer& peer : upstream.peers) {
      const auto& record = registry.peers.entries().at({upstream.name, config::AddressOf(peer)});
      ++status.total;
      status.ready += peer.draining ? 0 : 1;
      status.draining += peer.draining ? 1 : 0;
      status.healthy += !upstream.health_check || record.value.health->passing.load() ? 1 : 0;
    }
    status.usable = static_cast<int>(picks.usable.size());
    status.backup_active = picks.tier == Tier::kBackup;
    counts.push_back(status);
  }
  return counts;
}

}  // namespace stevedore::runtime
