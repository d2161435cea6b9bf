// ClientGuard: whether a client may send, before anything is looked up or remembered for it: the
// listener's lists of ranges, then its rate limit.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "proxy/base/clock.h"
#include "proxy/config/address.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/runtime/stats.h"
#include "proxy/worker/rate_limiter.h"

namespace stevedore::worker {

// Thread: one, its worker's.
class ClientGuard {
 public:
  void Apply(const runtime::Snapshot& snapshot);
  // The monotonic time of what is received from now on: read once per loop, not per datagram.
  void SetTime(Nanos now) noexcept { now_ = now; }

  // Why the client's datagram is dropped, or nothing. REQUIRES: `listener.guarded`. Packet path.
  std::optional<runtime::UpDrop> Refuses(const runtime::ListenerEntry& listener,
                                         const config::IpAddress& client) noexcept;

 private:
  RateLimiter limiter_;
  Nanos now_{0};
};

}  // namespace stevedore::worker
