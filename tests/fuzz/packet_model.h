// What a plain model of std::map and std::set says that the packet path does: rules, tiers,
// affinity, sessions and their ports, each by the design's words and without the product's code.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/runtime/stats.h"
#include "proxy/session/session_clock.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/packet_world.h"

namespace stevedore::fuzz {

using session::Tick;

constexpr Tick kSecond = session::kTicksPerSecond;
constexpr Tick kIdle = 20 * kSecond;
constexpr Tick kEmbryonic = 4 * kSecond;
constexpr Tick kReplyOnly = 30 * kSecond;
constexpr unsigned kDenied = 1;  // the client that a list refuses, where there is one

// A client and the address that it sends to.
struct Way {
  unsigned client = 0, target = 0;
  auto operator<=>(const Way&) const = default;
};

// One upstream as the config in force and the probes have it; sets of peers by number.
struct UpstreamModel {
  config::Algorithm algorithm = config::Algorithm::kRoundRobin;
  config::Affinity affinity = config::Affinity::kNone;
  std::optional<std::pair<std::size_t, std::size_t>> key;
  bool fail_open = true;
  bool keeps_draining = true;
  std::set<unsigned> ready, draining, backup, failing;

  std::set<unsigned> Passing(const std::set<unsigned>& of) const {
    std::set<unsigned> passing;
    for (const unsigned peer : of)
      if (!failing.contains(peer)) passing.insert(peer);
    return passing;
  }
  // The first tier that has a usable peer.
  std::set<unsigned> Usable() const {
    for (const auto* tier : {&ready, &draining, &backup})
      if (const auto usable = Passing(*tier); !usable.empty()) return usable;
    if (!fail_open) return {};
    return ready.empty() ? draining : ready;
  }
  bool MayStay(unsigned peer) const {
    if (Usable().contains(peer)) return true;
    return keeps_draining && draining.contains(peer) && !failing.contains(peer) &&
           !Passing(ready).empty();
  }
};

struct SessionModel {
  std::uint16_t port = 0;
  session::SessionClass session_class = session::SessionClass::kEmbryonic;
  Tick last_client = 0;
  Tick last_reply = 0;

  Tick Deadline() const {
    if (session_class == session::SessionClass::kEmbryonic) return last_client + kEmbryonic;
    return std::max(last_client, std::min(last_reply, last_client + kReplyOnly)) + kIdle;
  }
};

// Where the model lets a datagram go: a reason to drop, or peers, of which one must have it.
struct Verdict {
  std::optional<runtime::UpDrop> drop;
  unsigned upstream = 0;
  std::set<unsigned> peers;
};

class PacketModel {
 public:
  // Of the config in force.
  config::Listener listener;  // rules and limits, the same for both listeners
  bool denies = false;
  std::map<std::string, unsigned> upstream_by_name;
  std::vector<UpstreamModel> upstreams;

  Verdict Decide(const Way& way, const config::Bytes& payload, Tick now) const {
    if (payload.size() > static_cast<std::size_t>(listener.max_datagram_bytes))
      return {runtime::UpDrop::kTruncated, 0, {}};
    if (denies && way.client == kDenied) return {runtime::UpDrop::kNotAllowed, 0, {}};
    const auto rule = OracleRule(listener.rules, payload);
    const std::string& to = rule ? listener.rules[*rule].upstream : listener.default_upstream;
    if (to == config::kDeny)
      return {rule ? runtime::UpDrop::kDenied : runtime::UpDrop::kNoMatch, 0, {}};
    const unsigned number = upstream_by_name.at(to);
    const UpstreamModel& upstream = upstreams[number];
    if (upstream.affinity == config::Affinity::kFlow) {
      const auto kept = flows_.find({way, number});
      if (kept != flows_.end() && upstream.MayStay(kept->second))
        return {{}, number, {kept->second}};
    }
    if (upstream.key && payload.size() < upstream.key->second)
      return {runtime::UpDrop::kShortKey, 0, {}};
    if (upstream.affinity == config::Affinity::kKey) {
      const auto kept = keys_.find({number, KeyOf(number, payload)});
      if (kept != keys_.end() && Live(kept->second, now) && upstream.MayStay(kept->second.peer))
        return {{}, number, {kept->second.peer}};
    }
    const auto usable = upstream.Usable();
    if (usable.empty()) return {runtime::UpDrop::kNoPeer, 0, {}};
    if (upstream.algorithm == config::Algorithm::kConsistentHash) {
      const auto picked = picks_.find({number, KeyOf(number, payload)});
      if (picked != picks_.end()) return {{}, number, {picked->second}};
    }
    return {{}, number, usable};
  }

  // The datagram went from the client to the peer by this port. REQUIRES: Decide() lets it.
  void Forwarded(const Way& way, const config::Bytes& payload, const Verdict& verdict,
                 unsigned peer, std::uint16_t port, Tick now) {
    const auto [it, is_new] = sessions_.try_emplace({way, peer});
    SessionModel& session = it->second;
    if (is_new) {
      session = {port, session::SessionClass::kEmbryonic, now, now};
      Require(leases_.try_emplace({port, peer}, way).second,
              "a port towards a peer is one client's");
    }
    Require(session.port == port, "a peer sees one port per client");
    session.last_client = now;
    if (!is_new && session.session_class == session::SessionClass::kReplied)
      session.session_class = session::SessionClass::kAssured;
    const UpstreamModel& upstream = upstreams[verdict.upstream];
    if (upstream.affinity == config::Affinity::kFlow) flows_[{way, verdict.upstream}] = peer;
    if (!upstream.key) return;
    const auto key = std::pair(verdict.upstream, KeyOf(verdict.upstream, payload));
    if (upstream.affinity == config::Affinity::kKey) Keep(key, peer, now);
    // While a Key conversation stays on a peer, the choice by hash is not seen.
    if (upstream.affinity == config::Affinity::kNone) picks_[key] = peer;
  }

  // Whose reply it is that comes from `peer` to `port`.
  std::optional<Way> Holder(std::uint16_t port, unsigned peer) const {
    const auto found = leases_.find({port, peer});
    return found == leases_.end() ? std::nullopt : std::optional(found->second);
  }
  void Replied(const Way& way, unsigned peer, Tick now) {
    SessionModel& session = sessions_.at({way, peer});
    session.last_reply = now;
    if (session.session_class == session::SessionClass::kEmbryonic)
      session.session_class = session::SessionClass::kReplied;
  }

  bool HasSession(const Way& way, unsigned peer) const { return sessions_.contains({way, peer}); }
  std::size_t sessions() const { return sessions_.size(); }

  // Ends what is over. In the last second `is_there(port, peer)` decides: expiry looks once each.
  template <class IsThere>
  void Expire(Tick now, IsThere is_there) {
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      const unsigned peer = it->first.second;
      const Tick deadline = it->second.Deadline();
      const bool there = is_there(it->second.port, peer);
      Require(there || deadline <= now, "no session ends before its time");
      Require(!there || deadline > now / kSecond * kSecond, "no session outlives its time");
      if (there) {
        ++it;
        continue;
      }
      it = End(it);
    }
  }

  // A list of the new config refuses the client: its sessions end.
  void Refused(unsigned client) {
    for (auto it = sessions_.begin(); it != sessions_.end();)
      it = it->first.first.client == client ? End(it) : std::next(it);
  }

  // Another config or other health is in force: what by hash goes where may change. `gone` peers of
  // an upstream are no longer known to it: should they come back, they come as new ones.
  void Reloaded(const std::set<std::pair<unsigned, unsigned>>& gone) {
    picks_.clear();
    std::erase_if(flows_, [&](const auto& flow) {
      return gone.contains({flow.first.second, flow.second});
    });
    std::erase_if(keys_, [&](const auto& key) {
      return gone.contains({key.first.first, key.second.peer});
    });
  }

 private:
  struct Kept {
    unsigned peer;
    Tick written;
  };
  using Key = std::pair<unsigned, config::Bytes>;                     // upstream and key bytes
  using Sessions = std::map<std::pair<Way, unsigned>, SessionModel>;  // (way, peer)

  Sessions::iterator End(Sessions::iterator it) {
    const Way way = it->first.first;
    const unsigned peer = it->first.second;
    leases_.erase({it->second.port, peer});
    std::erase_if(flows_,
                  [&](const auto& flow) { return flow.first.first == way && flow.second == peer; });
    return sessions_.erase(it);
  }

  config::Bytes KeyOf(unsigned upstream, const config::Bytes& payload) const {
    const auto [start, end] = *upstreams[upstream].key;
    return {payload.begin() + static_cast<std::ptrdiff_t>(start),
            payload.begin() + static_cast<std::ptrdiff_t>(end)};
  }
  // The key table counts whole seconds, and writes a time anew after an eighth of the timeout.
  static bool Live(const Kept& kept, Tick now) {
    return now / kSecond - kept.written / kSecond < kIdle / kSecond;
  }
  void Keep(const Key& key, unsigned peer, Tick now) {
    const auto [it, is_new] = keys_.try_emplace(key, Kept{peer, now});
    Kept& kept = it->second;
    const bool fresh = kept.peer == peer && Live(kept, now) &&
                       now / kSecond - kept.written / kSecond <= kIdle / kSecond / 8;
    if (!fresh) kept = {peer, now};
  }

  Sessions sessions_;
  std::map<std::pair<std::uint16_t, unsigned>, Way> leases_;  // (port, peer)
  std::map<std::pair<Way, unsigned>, unsigned> flows_;        // (way, upstream) -> peer
  std::map<Key, Kept> keys_;
  std::map<Key, unsigned> picks_;  // by hash, under the snapshot in force
};

}  // namespace stevedore::fuzz
