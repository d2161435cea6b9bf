// Snapshot: everything that a datagram's way depends on, compiled, flat, immutable; published
// whole.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/address.h"
#include "proxy/config/model.h"
#include "proxy/runtime/access_list.h"
#include "proxy/runtime/hash_key.h"
#include "proxy/runtime/ids.h"
#include "proxy/runtime/pick_set.h"
#include "proxy/runtime/registry.h"
#include "proxy/runtime/rule_matcher.h"
#include "proxy/runtime/stats.h"

namespace stevedore::runtime {

// A peer as the packet path sees it, found by PeerId.
struct PeerEntry {
  bool present = false;   // in this snapshot
  bool keepable = false;  // a conversation that is on it may stay
  UpstreamIndex upstream = kDenyIndex;
  config::SocketAddress address;
  bool whole_host =
      false;  // a lease towards it is one towards every port of its address (followReplyPort)
  std::shared_ptr<PeerHealth> health;
};

struct UpstreamEntry {
  UpstreamId id{0};
  std::string name;
  config::Algorithm algorithm = config::Algorithm::kRoundRobin;
  config::Affinity affinity = config::Affinity::kNone;
  std::optional<HashKey> key;
  bool follow_reply_port = false;
  RuleMatcher restart;  // one rule per restart condition
  PickSet picks;
  std::shared_ptr<UpstreamStats> stats;
};

// Where a rule sends what it matches.
struct RuleTarget {
  UpstreamIndex upstream = kDenyIndex;
  std::shared_ptr<RuleStats> stats;
};

// Session limits of a listener. Times in seconds of the session clock (session/session_clock.h).
struct SessionLimits {
  std::uint32_t idle_timeout = 60;
  std::uint32_t embryonic_timeout = 10;
  std::uint32_t max_reply_only = 600;
  std::uint32_t max_sessions = 0;     // of one worker
  std::uint32_t max_per_source = 0;   // of one worker; 0 = off
  std::uint32_t max_reply_ratio = 0;  // 0 = off
};

// A limit on what a source sends, as its token bucket counts it: in nanoseconds. Each worker grants
// the whole of it, since a client with one port is on one worker and shall have all that was
// promised.
struct TokenRate {
  std::int64_t interval = 0;  // in which one token flows in; 0 = no limit
  std::int64_t depth = 0;     // in which an empty bucket fills
};

struct ListenerEntry {
  ListenerId id{0};
  std::string name;
  config::SocketAddress address;
  bool wildcard = false;
  std::uint32_t max_datagram_bytes = 65535;
  std::uint32_t max_tries = 3;
  SessionLimits session;
  bool guarded = false;                      // by one of the next two
  std::shared_ptr<const AccessList> access;  // null: everyone may send
  TokenRate rate;
  RuleMatcher matcher;
  std::vector<RuleTarget> rules;                  // by rule
  std::optional<UpstreamIndex> default_upstream;  // nothing: deny
  std::shared_ptr<ListenerSockets> sockets;       // null while not bound
  std::shared_ptr<ListenerStats> stats;
};

// Immutable after the build; any thread. Lifetime: shared; a worker holds one for a batch at least.
struct Snapshot {
  std::uint64_t generation = 0;
  std::vector<ListenerEntry> listeners;
  std::vector<UpstreamEntry> upstreams;
  std::vector<PeerEntry> peers;  // by PeerId
  std::vector<std::uint32_t>
      listener_by_id;                 // position in `listeners`, or kNoListener; by ListenerId
  std::bitset<65536> listener_ports;  // every configured one
  std::bitset<65536> taken_ports;     // of listeners and of peers
  std::vector<config::SocketAddress> peer_addresses;  // of all upstreams, ascending
  std::vector<config::IpAddress> local_addresses;     // of this machine, ascending
  std::vector<config::IpAddress> own_addresses;       // of the published Service, ascending
  std::uint32_t upstream_limit = 0;                   // one more than the largest UpstreamId
  std::shared_ptr<ListenerStats> nowhere;             // see Registry

  static constexpr std::uint32_t kNoListener = 0xffffffffu;
};

}  // namespace stevedore::runtime
