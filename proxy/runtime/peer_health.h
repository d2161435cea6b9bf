// PeerHealth: what is known of one peer while it runs. The one object that prober and workers share
// about a peer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace stevedore::runtime {

// Thread: all members from any thread. Lifetime: shared by registry, snapshots and prober.
struct PeerHealth {
  // Passing its probe; true until probes say otherwise. Written by the prober.
  std::atomic<bool> passing{true};
  // Nanoseconds from the last probe that was answered to its reply; 0 = none was, or no reply is
  // expected. Written by the prober.
  std::atomic<std::int64_t> reply_nanos{0};
  // CLOCK_MONOTONIC nanoseconds of the last ICMP unreachable about this peer; 0 = never. Written by
  // workers, read by the prober.
  std::atomic<std::int64_t> unreachable_at{0};
  // Likewise of the last one that speaks of the peer's whole address: no way there, or nobody has
  // it. Written by workers and the prober.
  std::atomic<std::int64_t> host_unreachable_at{0};
};

}  // namespace stevedore::runtime
