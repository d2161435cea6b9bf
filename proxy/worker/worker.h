// Worker: one thread of the packet path with everything it owns: event loop, session table, port
// pools, batches. Workers share nothing but the key table, the own-port counts and the snapshot
// holder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/base/result.h"
#include "proxy/net/event_loop.h"
#include "proxy/runtime/snapshot_holder.h"
#include "proxy/session/session_clock.h"
#include "proxy/worker/packet_path.h"
#include "proxy/worker/reply_path.h"

namespace stevedore::worker {

// What workers share. Lifetime: outlives them.
struct Shared {
  const runtime::SnapshotHolder& holder;
  session::KeyTable& keys;
  session::OwnPorts& own_ports;
};

struct WorkerLimits {
  std::uint32_t sessions;      // table size
  std::uint32_t pool_sockets;  // of both families together
  bool segments;               // segmented sends are wanted
};

// Thread: Run() on the worker's own; Stop(), Wake() and the gauges from any.
class Worker {
 public:
  static Result<std::unique_ptr<Worker>> Create(unsigned number, const WorkerLimits& limits,
                                                const Shared& shared);

  // Serves until Stop(); then forwards what was received and returns.
  void Run() noexcept;
  void Stop() noexcept;
  void Wake() noexcept { loop_.Wake(); }

  // Generation of the snapshot in use; 0 before the first.
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  std::uint64_t sessions() const noexcept {
    return sessions_gauge_.load(std::memory_order_relaxed);
  }
  std::uint64_t pool_sockets() const noexcept {
    return sockets_gauge_.load(std::memory_order_relaxed);
  }
  double busy_seconds() const noexcept {
    return static_cast<double>(busy_nanos_.load(std::memory_order_relaxed)) / 1e9;
  }

 private:
  Worker(unsigned number, const WorkerLimits& limits, const Shared& shared, net::EventLoop loop);

  session::PortPool::Hooks HooksFor(bool v4);
  // Serves the ready sockets; true when all of them were read to their end.
  bool Serve(std::span<const net::EventLoop::Event> events) noexcept;
  bool ServeListener(const runtime::ListenerEntry& listener, unsigned rounds) noexcept;
  void TakeSnapshot() noexcept;
  void WatchListeners(const runtime::Snapshot& next) noexcept;
  void EverySecond(Nanos now) noexcept;
  bool ServePool(session::PortPool& pool, std::uint32_t slot, bool with_errors) noexcept;
  // Of up to `most` sockets, going on where the last call ended.
  void CountPoolDrops(std::uint32_t most) noexcept;
  void DrainAll() noexcept;

  const unsigned number_;
  const Shared shared_;
  const std::uint32_t max_pool_sockets_;
  net::EventLoop loop_;
  MonotonicClock clock_;
  session::SessionClock session_clock_;
  // Before the pools, whose hooks use both until the last socket is closed.
  std::shared_ptr<const runtime::Snapshot> snapshot_;
  struct PoolSlot {
    std::uint32_t counted_drops = 0;  // of the kernel
    std::uint32_t ready_in = 0;       // turn in which it was ready last
  };
  std::vector<PoolSlot> pool_slots_[2];  // of v6 and v4
  session::PortPool v4_;
  session::PortPool v6_;
  session::SessionTable sessions_;
  PacketPath packets_;
  ReplyPath replies_;
  net::RecvBatch in_;
  std::uint32_t turn_ = 1;     // of the loop
  unsigned from_clients_ = 0;  // datagrams, in this turn
  bool loaded_ = false;        // the turn before had many
  bool late_ = false;          // long after the one before
  Nanos last_turn_{0};
  Nanos next_second_{0};
  Nanos next_drops_{0};
  std::uint32_t drops_at_ = 0;  // pool slot to go on with
  session::Tick last_expiry_ = 0;

  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<std::uint64_t> sessions_gauge_{0};
  std::atomic<std::uint64_t> sockets_gauge_{0};
  std::atomic<std::uint64_t> busy_nanos_{0};
};

}  // namespace stevedore::worker
