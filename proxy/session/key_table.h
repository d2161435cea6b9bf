// KeyTable: which peer a key's conversation is on (affinity Key). The one thing that workers share,
// because a key may arrive on any of them. Fixed size, no lock: one 64-bit atomic per entry, four
// entries per bucket.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "proxy/runtime/ids.h"
#include "proxy/session/siphash.h"

namespace stevedore::session {

// Thread: any. A lost race loses an entry or a refresh, never more: a miss falls back to Maglev.
class KeyTable {
 public:
  // `entries` is rounded up to a power of two. 8 bytes each.
  explicit KeyTable(std::uint64_t entries);

  // Peers beyond this id are not remembered (24 bits of an entry).
  static constexpr std::uint32_t kMaxPeerId = 0xffffff;

  // What Find() and Store() take for a key: keyed by the process's secret, upstream included.
  std::uint64_t Hash(runtime::UpstreamId upstream, std::uint64_t key_hash) const noexcept;

  // The peer of the key, or kNoPeerId when there is none younger than `idle_seconds`. Refreshes the
  // entry's time when an eighth of the idle timeout has passed since the last write. `now` in
  // seconds.
  runtime::PeerId Find(std::uint64_t hash, std::uint32_t now, std::uint32_t idle_seconds) noexcept;

  // Remembers the peer: in the key's own entry, else in a free or timed-out one of its bucket,
  // else, when `may_displace`, in place of the oldest one.
  void Store(std::uint64_t hash, runtime::PeerId peer, std::uint32_t now,
             std::uint32_t idle_seconds, bool may_displace) noexcept;

 private:
  static constexpr unsigned kWays = 4;
  // An entry: tag 24 bits | peer id 24 bits | time 16 bits (seconds modulo 2^16, 0 = never); all
  // zero = free.
  struct Entry {
    std::uint32_t tag;
    std::uint32_t peer;
    std::uint16_t time;
  };
  static Entry Unpack(std::uint64_t word) noexcept;
  static std::uint64_t Pack(const Entry& entry) noexcept;
  static std::uint16_t Stamp(std::uint32_t now) noexcept;
  static bool Live(const Entry& entry, std::uint32_t now, std::uint32_t idle_seconds) noexcept;
  static std::uint32_t Age(const Entry& entry, std::uint32_t now) noexcept;
  std::atomic<std::uint64_t>* Bucket(std::uint64_t hash) const noexcept;

  std::uint64_t bucket_mask_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> entries_;
  SipKey secret_ = SipKey::Random();
};

}  // namespace stevedore::session
