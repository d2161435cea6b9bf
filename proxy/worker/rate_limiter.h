// RateLimiter: a token bucket for each source of each listener that sets `rateLimit`, in a table of
// fixed size. A bucket is one number, the time when it is full again (the generic cell rate
// algorithm); one that is full says nothing about its source, and needs no place.
//
// When a set of the table has no such place, the bucket that is full soonest gives way: the source
// about which least is known. So a newcomer is never shut out by a full table; and a source that is
// held back is the last to be forgotten: others would have to be as deep in debt, which costs them
// as many datagrams as it gains him. Sets are chosen by a keyed hash, so nobody can aim at one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/config/address.h"
#include "proxy/runtime/ids.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/session/siphash.h"

namespace stevedore::worker {

// Thread: one.
class RateLimiter {
 public:
  static constexpr std::size_t kWays = 4;  // buckets of a set: a cache line
  static constexpr std::size_t kSets = 16384;

  // Takes the table's memory, 1 MiB; before that everything is let through. Call when a listener
  // has a limit.
  void Reserve() { sets_.resize(kSets); }

  // Takes a token of the source (IPv4 address, IPv6 /64) and says whether there was one. `now` is
  // monotonic and never goes back. REQUIRES: `rate.interval` > 0. Packet path: no allocation, one
  // hash, one cache line.
  bool Take(runtime::ListenerId listener, const config::IpAddress& source,
            const runtime::TokenRate& rate, Nanos now) noexcept;

 private:
  struct Bucket {
    std::uint64_t source = 0;  // hash of listener and source
    std::int64_t full_at = 0;  // nanoseconds; in the past: full, as good as empty place
  };
  using Set = std::array<Bucket, kWays>;

  session::SipKey secret_ = session::SipKey::Random();
  std::vector<Set> sets_;
};

}  // namespace stevedore::worker
