#include "proxy/report/explain.h"

#include <algorithm>
#include <memory>

#include "proxy/config/cidr.h"
#include "proxy/runtime/balancer.h"
#include "proxy/runtime/snapshot_builder.h"

namespace stevedore::report {
namespace {

using runtime::kDenyIndex;
using runtime::Raw;
using runtime::UpDrop;

std::string Drop(UpDrop reason) {
  return std::string("drop ") + runtime::kUpDropNames[static_cast<std::size_t>(reason)];
}

class Explanation {
 public:
  Explanation(const runtime::Snapshot& snapshot, const config::ValidConfig& config,
              const ExplainRequest& request, Probes probes)
      : snapshot_(snapshot), config_(config), request_(request), probes_(probes) {}

  // `at`: position of the listener.
  std::string Of(std::size_t at) {
    Line("listener",
         snapshot_.listeners[at].name + " " + snapshot_.listeners[at].address.ToString());
    Line("client", request_.client.ToString());
    Line("datagram", std::to_string(request_.payload.size()) + " bytes");
    Line("verdict", Decide(snapshot_.listeners[at], config_->listeners[at]));
    return std::move(text_);
  }

 private:
  void Line(const std::string& name, const std::string& value) {
    text_ += name + ": " + value + "\n";
  }

  std::string Decide(const runtime::ListenerEntry& listener, const config::Listener& source) {
    if (request_.payload.size() > listener.max_datagram_bytes) return Drop(UpDrop::kTruncated);
    if (listener.access) {
      Line("access", TellAccess(source));
      if (!listener.access->Allows(request_.client.ip)) return Drop(UpDrop::kNotAllowed);
    }
    if (source.rate_limit) Line("rate limit", TellRate(*source.rate_limit));
    const std::uint32_t rule = listener.matcher.Find(request_.payload);
    for (std::uint32_t i = 0; i < source.rules.size() && i <= rule; ++i) TellRule(source.rules[i]);
    auto upstream = listener.default_upstream.value_or(kDenyIndex);
    if (rule == runtime::RuleMatcher::kNoRule) {
      Line("rule", "none, hence the default upstream " + source.default_upstream);
      if (upstream == kDenyIndex) return Drop(UpDrop::kNoMatch);
    } else {
      Line("rule", source.rules[rule].name);
      upstream = listener.rules[rule].upstream;
      if (upstream == kDenyIndex) return Drop(UpDrop::kDenied);
    }
    return DecidePeer(snapshot_.upstreams[Raw(upstream)]);
  }

  // The first range of the list that holds the client; null when none does.
  const std::string* RangeOf(const std::vector<std::string>& ranges) const {
    const auto found = std::find_if(ranges.begin(), ranges.end(), [this](const std::string& range) {
      return config::Cidr::Parse(range).value_or(config::Cidr{}).Contains(request_.client.ip);
    });
    return found == ranges.end() ? nullptr : &*found;
  }

  std::string TellAccess(const config::Listener& source) const {
    if (const auto* range = RangeOf(source.deny)) return "refused, the client is in deny " + *range;
    if (source.allow.empty()) return "let in, the client is in no range of deny";
    if (const auto* range = RangeOf(source.allow))
      return "let in, the client is in allow " + *range;
    return "refused, the client is in no range of allow";
  }

  static std::string TellRate(const config::SourceRate& rate) {
    return std::to_string(rate.datagrams_per_second) + " datagrams/s, burst " +
           std::to_string(config::EffectiveBurst(rate)) +
           " from each client address; not counted here, taken as kept";
  }

  void TellRule(const config::Rule& rule) {
    text_ += "  " + rule.name + "\n";
    for (const config::Condition& c : rule.match) {
      text_ += "    data[" + std::to_string(c.start) + ":" + std::to_string(c.end) + "] ";
      const bool reaches = request_.payload.size() >= static_cast<std::size_t>(c.end);
      if (reaches) text_ += config::FormatHex(Read(c)) + " ";
      text_ += std::string(config::ToString(c.op)) + " " + c.value + ": ";
      text_ += !reaches                             ? "no, the datagram is too short"
               : config::Holds(c, request_.payload) ? "yes"
                                                    : "no";
      text_ += "\n";
    }
  }

  config::Payload Read(const config::Condition& c) const {
    return config::Payload(request_.payload)
        .subspan(static_cast<std::size_t>(c.start), static_cast<std::size_t>(c.end - c.start));
  }

  std::string DecidePeer(const runtime::UpstreamEntry& upstream) {
    Line("upstream", upstream.name);
    TellTier(upstream);
    std::uint64_t hash = 0;
    if (upstream.key) {
      const auto found = upstream.key->Hash(request_.payload, request_.client);
      const auto key = upstream.key->KeyBytes(request_.payload, request_.client);
      Line("key", key ? config::FormatHex(*key) : "the datagram ends before it");
      if (!found) return Drop(UpDrop::kShortKey);
      hash = *found;
    }
    if (upstream.picks.usable.empty()) return Drop(UpDrop::kNoPeer);
    if (upstream.algorithm == config::Algorithm::kRoundRobin) return TellTurns(upstream);
    return TellSlots(upstream, hash);
  }

  void TellTier(const runtime::UpstreamEntry& upstream) {
    static constexpr const char* kTiers[] = {"ready peers", "draining peers", "backup peers",
                                             "all peers, none being usable", "no peer"};
    Line("serving", std::string(kTiers[static_cast<std::size_t>(upstream.picks.tier)]) + ", " +
                        std::to_string(upstream.picks.usable.size()) +
                        (probes_ == Probes::kRunning ? " usable by what their probes say"
                                                     : " usable (probes taken as passing)"));
    for (const runtime::PeerEntry& peer : snapshot_.peers) {
      if (!peer.present || snapshot_.upstreams[Raw(peer.upstream)].id != upstream.id) continue;
      if (!IsUsable(upstream, peer))
        text_ += "  passed over " + peer.address.ToString() + ": " + WhyNot(peer) + "\n";
    }
  }

  static const char* WhyNot(const runtime::PeerEntry& peer) {
    if (!peer.health->passing.load()) return "fails its probe";
    return peer.keepable ? "draining, keeps its conversations" : "not in this tier";
  }

  bool IsUsable(const runtime::UpstreamEntry& upstream, const runtime::PeerEntry& peer) const {
    return std::any_of(upstream.picks.usable.begin(), upstream.picks.usable.end(),
                       [&](runtime::PeerId id) { return &snapshot_.peers[Raw(id)] == &peer; });
  }

  std::string PeerText(runtime::PeerId id) const {
    return snapshot_.peers[Raw(id)].address.ToString();
  }

  std::string TellTurns(const runtime::UpstreamEntry& upstream) {
    const auto& picks = upstream.picks;
    for (std::size_t turn = 0; turn < std::min<std::size_t>(picks.ring.size(), 16); ++turn)
      text_ += "  turn " + std::to_string(turn) + ": " +
               PeerText(picks.usable[picks.ring.At(turn)]) + "\n";
    Line("turn", "0, the first of a worker without traffic");
    std::uint64_t position = 0;
    return "peer " + PeerText(runtime::PickRoundRobin(picks, position));
  }

  std::string TellSlots(const runtime::UpstreamEntry& upstream, std::uint64_t hash) {
    Line("hash", std::to_string(hash));
    for (std::uint32_t tries = 0;; ++tries) {
      const std::uint64_t tried = runtime::Rehash(hash, tries);
      const auto& member = upstream.picks.members[upstream.picks.table->Find(tried)];
      text_ += "slot: " + std::to_string(runtime::MaglevTable::Slot(tried)) + " of " +
               std::to_string(runtime::MaglevTable::kSlots) + ", " + PeerText(member.id) +
               (member.usable ? "\n" : ", not usable\n");
      if (member.usable || tries == runtime::kMaxRehash) break;
    }
    return "peer " + PeerText(runtime::PickByHash(upstream.picks, hash));
  }

  const runtime::Snapshot& snapshot_;
  const config::ValidConfig& config_;
  const ExplainRequest& request_;
  const Probes probes_;
  std::string text_;
};

}  // namespace

Result<std::string> Explain(const config::ValidConfig& config, const ExplainRequest& request) {
  runtime::Registry registry(1);
  runtime::SnapshotBuilder builder(registry);
  const std::vector<config::IpAddress> no_addresses;
  const runtime::BuildInput input{config, no_addresses, Nanos(0)};
  builder.Register(input);
  return Explain(*builder.Build(input), config, request);
}

Result<std::string> Explain(const runtime::Snapshot& snapshot, const config::ValidConfig& config,
                            const ExplainRequest& request, Probes probes) {
  std::string ports;
  for (std::size_t at = 0; at < snapshot.listeners.size(); ++at) {
    const std::uint16_t port = snapshot.listeners[at].address.port;
    if (port == request.listener_port) return Explanation(snapshot, config, request, probes).Of(at);
    ports += (ports.empty() ? "" : ", ") + std::to_string(port);
  }
  return Error{Errc::kNotFound, "no listener has port " + std::to_string(request.listener_port) +
                                    "; the config has " + (ports.empty() ? "none" : ports)};
}

}  // namespace stevedore::report
