// Traffic: an open-loop load of many flows, and what came of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/bench/bench.h"
#include "tests/bench/histogram.h"

namespace stevedore::bench {

struct LoadPlan {
  sockaddr_in target{};  // of the first listener; the others have the ports behind it
  sockaddr_in source{};  // of the flows; port 0
  unsigned flows = 1;
  unsigned rules = 1;      // flow i is for rule i modulo this
  unsigned listeners = 1;  // and for listener i modulo this
  std::size_t size = 64;   // bytes of payload, 16 at least
  unsigned burst = 1;      // datagrams of one flow in a row, at most 64
  bool gso = false;        // a burst is one segmented send
  bool echo = true;        // replies are expected
  bool crowd = false;      // flows are addresses behind the source's, on one socket
};

// What a datagram begins with: bytes for the proxies' rules, whose it is, and when it was due.
struct Head {
  std::uint8_t rule[4] = {1, 0, 0, 0};
  std::uint32_t flow = 0;
  std::int64_t due = 0;
};
inline Head HeadOf(const LoadPlan& plan, std::uint32_t flow, std::int64_t due) {
  const std::uint32_t rule = flow % plan.rules;
  return {{1, static_cast<std::uint8_t>(rule >> 16), static_cast<std::uint8_t>(rule >> 8),
           static_cast<std::uint8_t>(rule)},
          flow,
          due};
}
// The listener of a flow.
inline sockaddr_in TargetOf(const LoadPlan& plan, std::uint32_t flow) {
  sockaddr_in target = plan.target;
  target.sin_port =
      htons(static_cast<std::uint16_t>(ntohs(target.sin_port) + flow % plan.listeners));
  return target;
}

struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;  // by our own system
  std::uint64_t answered = 0;
  Histogram latency;  // from the time that was due to the reply, so that a stall of ours counts
};

// Waits for what is under way while replies come: until all are there, or none came for 0.2 s; for
// 0.6 s at the most.
class Patience {
 public:
  bool Lasts(const LoadResult& result) {
    const std::int64_t now = Now();
    if (result.answered != answered_) {
      answered_ = result.answered;
      last_ = now;
    }
    return answered_ < result.sent && now < last_ + 200'000'000 && now < start_ + 600'000'000;
  }

 private:
  const std::int64_t start_ = Now();
  std::int64_t last_ = start_;
  std::uint64_t answered_ = 0;
};

// Thread: one. Flows stay open as long as it lives, so that a proxy keeps their sessions.
class Traffic {
 public:
  virtual ~Traffic() = default;
  // Makes every flow known to the proxy by two exchanges, group by group. False when a group was
  // not answered.
  virtual bool Warm() = 0;
  // Sends `rate` datagrams a second, all flows together, for so many seconds, then waits for what
  // is under way.
  virtual LoadResult Run(double rate, double seconds) = 0;
};

}  // namespace stevedore::bench
