#include "proxy/runtime/pick_set.h"

#include <algorithm>
#include <functional>

namespace stevedore::runtime {
namespace {

using Filter = std::function<bool(const PeerState&)>;

struct TierRule {
  Tier tier;
  Filter member;
  Filter usable;
};

std::vector<TierRule> TierRules(config::WhenNoneUsable when_none_usable) {
  const Filter ready = [](const PeerState& p) { return !p.backup && !p.draining; };
  const Filter draining = [](const PeerState& p) { return !p.backup && p.draining; };
  const Filter backup = [](const PeerState& p) { return p.backup; };
  const Filter passing = [](const PeerState& p) { return p.passing; };
  const Filter any = [](const PeerState&) { return true; };
  std::vector<TierRule> rules = {{Tier::kReady, ready, passing},
                                 {Tier::kDraining, draining, passing},
                                 {Tier::kBackup, backup, passing}};
  if (when_none_usable == config::WhenNoneUsable::kFailOpen) {
    rules.push_back({Tier::kFailOpen, ready, any});
    rules.push_back({Tier::kFailOpen, draining, any});
  }
  return rules;
}

void FillTables(const std::vector<PeerState>& peers, const TierRule& rule,
                config::Algorithm algorithm, std::uint64_t seed, MaglevCache& cache, PickSet& set) {
  std::vector<WeightedPeer> weighted;
  std::vector<std::uint32_t> weights;
  for (const PeerState& peer : peers) {
    if (!rule.member(peer)) continue;
    const bool usable = rule.usable(peer);
    set.members.push_back({peer.id, usable});
    weighted.push_back(peer.peer);
    if (!usable) continue;
    set.usable.push_back(peer.id);
    weights.push_back(peer.peer.weight);
  }
  if (algorithm == config::Algorithm::kRoundRobin) {
    set.ring = RoundRobinRing(weights);
  } else {
    set.table = cache.Get(std::move(weighted), seed);
  }
}

}  // namespace

std::shared_ptr<const MaglevTable> MaglevCache::Get(std::vector<WeightedPeer> peers,
                                                    std::uint64_t seed) {
  std::erase_if(entries_, [](const Entry& entry) { return entry.table.expired(); });
  for (const Entry& entry : entries_)
    if (entry.seed == seed && entry.peers == peers)
      if (auto table = entry.table.lock()) return table;
  auto table = std::make_shared<const MaglevTable>(peers, seed);
  entries_.push_back({std::move(peers), seed, table});
  return table;
}

PickSet BuildPickSet(std::vector<PeerState> peers, config::Algorithm algorithm,
                     config::WhenNoneUsable when_none_usable, std::uint64_t seed,
                     MaglevCache& cache) {
  std::sort(peers.begin(), peers.end(),
            [](const PeerState& a, const PeerState& b) { return a.peer < b.peer; });
  PickSet set;
  for (const TierRule& rule : TierRules(when_none_usable)) {
    const bool serves = std::any_of(peers.begin(), peers.end(), [&rule](const PeerState& peer) {
      return rule.member(peer) && rule.usable(peer);
    });
    if (!serves) continue;
    set.tier = rule.tier;
    FillTables(peers, rule, algorithm, seed, cache, set);
    break;
  }
  return set;
}

bool Keepable(const PeerState& peer, const PickSet& set, config::Drain drain) {
  if (std::find(set.usable.begin(), set.usable.end(), peer.id) != set.usable.end()) return true;
  return set.tier == Tier::kReady && !peer.backup && peer.draining && peer.passing &&
         drain == config::Drain::kKeep && !peer.drain_expired;
}

}  // namespace stevedore::runtime
