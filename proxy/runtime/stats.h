// Counters of the packet path: one block per worker and thing, written by that worker alone, summed
// at scrape.
//
// The law, at quiescence: per listener client_in = upstream_out + sum(up drops); over the process
// upstream_in = client_out + sum(down drops). Counts of removed listeners and of datagrams that
// belong to no listener stand in the series with the empty name.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace stevedore::runtime {

// Thread: one writer, any readers. A reader may see related counters of one datagram at slightly
// different times.
class Counter {
 public:
  void Add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t Get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Why a datagram was dropped. One closed table; docs/metrics.md says what to do about each.
enum class UpDrop {
  kNoMatch,
  kDenied,
  kBadSource,
  kNotAllowed,
  kRateLimited,
  kShortKey,
  kNoPeer,
  kSessionLimit,
  kSourceLimit,
  kPortLimit,
  kTruncated,
  kSendBlocked,
  kSendError,
};
inline constexpr std::array<const char*, 13> kUpDropNames = {
    "no_match",  "denied",       "bad_source",    "not_allowed",  "rate_limited",
    "short_key", "no_peer",      "session_limit", "source_limit", "port_limit",
    "truncated", "send_blocked", "send_error"};

enum class DownDrop { kUnknownReply, kTruncated, kReplyLimit, kSendBlocked, kSendError };
inline constexpr std::array<const char*, 5> kDownDropNames = {
    "unknown_reply", "truncated", "reply_limit", "send_blocked", "send_error"};

// Why a session ended.
enum class SessionEnd { kIdle, kEvicted, kRemoved };
inline constexpr std::array<const char*, 3> kSessionEndNames = {"idle", "evicted", "removed"};

// Datagrams and their bytes, in one direction.
struct Traffic {
  Counter datagrams;
  Counter bytes;
  void Add(std::size_t size) noexcept {
    datagrams.Add();
    bytes.Add(size);
  }
};

struct alignas(64) ListenerCounters {
  Traffic client_in;
  Traffic upstream_out;
  Traffic upstream_in;
  Traffic client_out;
  std::array<Counter, kUpDropNames.size()> up_drops;
  std::array<Counter, kDownDropNames.size()> down_drops;
  Counter kernel_drops;  // of the listener's socket, or of pool sockets in the series with the
                         // empty name
  Counter sessions_created;
  std::array<Counter, kSessionEndNames.size()> sessions_ended;

  void Drop(UpDrop reason) noexcept { up_drops[static_cast<std::size_t>(reason)].Add(); }
  void Drop(DownDrop reason) noexcept { down_drops[static_cast<std::size_t>(reason)].Add(); }
};

struct alignas(64) RuleCounters {
  Counter matches;
};

struct alignas(64) UpstreamCounters {
  Traffic out;  // to peers
  Traffic in;   // from peers
};

// A thing's counters, one block per worker. Lifetime: shared by snapshots and the exporter.
template <class Block>
struct PerWorker {
  PerWorker(std::string thing, unsigned workers) : name(std::move(thing)), blocks(workers) {}
  Block& of(unsigned worker) noexcept { return blocks[worker]; }

  const std::string name;
  std::vector<Block> blocks;
};

using ListenerStats = PerWorker<ListenerCounters>;
using RuleStats = PerWorker<RuleCounters>;
using UpstreamStats = PerWorker<UpstreamCounters>;

}  // namespace stevedore::runtime
