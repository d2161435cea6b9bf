// The config model: plain values with ==, no behaviour. What the controller writes and the proxy
// reads. A ProxyConfig may hold nonsense; only Validate() (validate.h) makes a ValidConfig of it.
// Names, shapes and defaults are those of the config file and of the CRD.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace stevedore::config {

// The name that is no upstream: what is routed there is dropped and counted as `denied`.
inline constexpr const char* kDeny = "deny";

// With d = payload[start:end) and v the value:
enum class Operator {
  kEqual,        // ==    d == v
  kNotEqual,     // !==   d != v
  kSubset,       // |=    (d | v) == v
  kNotSubset,    // !|=   (d | v) != v
  kSuperset,     // &=    (d & v) == v
  kNotSuperset,  // !&=   (d & v) != v
};

// One comparison of payload bytes. A datagram shorter than `end` fails it, negated operators
// included.
struct Condition {
  std::int64_t start = 0;  // first byte, 0 to 2047
  std::int64_t end = 0;    // one past the last byte, at most 64 bytes after start
  Operator op = Operator::kEqual;
  std::string value;  // "0x" hex pairs or "0b" groups of eight bits, exactly end - start bytes
  bool operator==(const Condition&) const = default;
};

// Holds when all conditions hold; then the datagram goes to `upstream` (or kDeny).
struct Rule {
  std::string name;
  std::vector<Condition> match;
  std::string upstream;
  bool operator==(const Rule&) const = default;
};

struct SessionSettings {
  std::int64_t idle_timeout_seconds = 60;
  std::int64_t embryonic_timeout_seconds = 10;
  std::int64_t max_reply_only_seconds = 600;
  std::int64_t max_sessions = 10'000'000;    // of this listener; the process's table may be smaller
  std::int64_t max_sessions_per_source = 0;  // per IPv4 address or IPv6 /64; 0 = no cap
  std::int64_t max_reply_ratio = 0;          // until a session is assured; 0 = no bound
  bool operator==(const SessionSettings&) const = default;
};

// What each source (IPv4 address, IPv6 /64) may send: a token bucket.
struct SourceRate {
  std::int64_t datagrams_per_second = 0;
  std::optional<std::int64_t> burst;  // unset: one second's worth
  bool operator==(const SourceRate&) const = default;
};

struct Listener {
  std::string name;
  std::string address = "::";  // "::" is every address of both families
  std::int64_t port = 0;
  std::int64_t max_datagram_bytes = 65535;
  std::int64_t max_tries = 3;
  std::vector<std::string> allow;  // ranges of clients (cidr.h); empty: everyone
  std::vector<std::string> deny;   // stronger than allow
  std::optional<SourceRate> rate_limit;
  SessionSettings session;
  std::vector<Rule> rules;
  std::string default_upstream = kDeny;
  bool operator==(const Listener&) const = default;
};

enum class Algorithm { kRoundRobin, kConsistentHash };
enum class Affinity { kNone, kFlow, kKey };
enum class Drain { kKeep, kMove };
enum class WhenNoneUsable { kFailOpen, kDrop };
enum class Expect { kNoError, kReply };
enum class KeySource { kPayload, kClientAddress, kClientAddressPort };

// What ConsistentHash hashes: payload[start:end), or the client's address.
struct HashKey {
  KeySource source = KeySource::kPayload;
  std::int64_t start = 0;
  std::int64_t end = 0;
  bool operator==(const HashKey&) const = default;
};

struct HealthCheck {
  std::int64_t period_seconds = 5;
  std::int64_t timeout_seconds = 1;
  std::int64_t success_threshold = 1;
  std::int64_t failure_threshold = 3;
  std::string payload = "0x686561727462656174";  // "heartbeat"
  Expect expect = Expect::kNoError;
  std::vector<Condition> expect_bytes;
  bool operator==(const HealthCheck&) const = default;
};

struct Peer {
  std::string address;
  std::int64_t port = 0;
  std::int64_t weight = 1;
  bool draining = false;  // terminating but still serving
  bool operator==(const Peer&) const = default;
};

// TFTP and its like: a peer answers from a port of its own choice, and the rest of the session goes
// there.
struct FollowReplyPort {
  // A datagram that holds any of these goes to the peer's own port again.
  std::vector<Condition> restart;
  bool operator==(const FollowReplyPort&) const = default;
};

struct Upstream {
  std::string name;
  Algorithm algorithm = Algorithm::kRoundRobin;
  std::optional<HashKey> hash_key;
  std::optional<Affinity> affinity;  // unset: Flow with RoundRobin, None with ConsistentHash
  Drain drain = Drain::kKeep;
  std::optional<std::int64_t> drain_timeout_seconds;  // unset: as long as the peer is listed
  WhenNoneUsable when_none_usable = WhenNoneUsable::kFailOpen;
  std::optional<FollowReplyPort> follow_reply_port;
  std::optional<HealthCheck> health_check;
  std::vector<Peer> peers;
  std::vector<Peer> backup_peers;
  bool operator==(const Upstream&) const = default;
};

struct ProxyConfig {
  std::uint64_t hash_seed = 0;
  std::vector<std::string> own_addresses;  // of the published Service: never a client, never a peer
  std::vector<Listener> listeners;
  std::vector<Upstream> upstreams;
  bool operator==(const ProxyConfig&) const = default;
};

// The affinity in force: the one that is set, else the algorithm's default.
Affinity EffectiveAffinity(const Upstream& upstream) noexcept;
// The burst in force.
std::int64_t EffectiveBurst(const SourceRate& rate) noexcept;

}  // namespace stevedore::config
