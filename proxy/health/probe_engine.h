// ProbeEngine: runs the attempts of all targets on one thread, time and readiness given from
// outside.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/health/probe_schedule.h"
#include "proxy/health/probe_socket.h"
#include "proxy/health/probe_state.h"
#include "proxy/health/probe_stats.h"
#include "proxy/health/probe_target.h"
#include "proxy/net/event_loop.h"

namespace stevedore::health {

// Thread: one, Apply() included. Lifetime: `loop` and `stats` outlive it. Its sockets stand in
// `loop` with their slot as tag.
class ProbeEngine {
 public:
  using OnChange = std::function<void(const ProbeChange&)>;

  ProbeEngine(net::EventLoop& loop, ProbeStats& stats, OnChange on_change);

  // What to probe from now on. A target known by upstream, address and health object keeps its
  // state and its timer; its spec may change. `avoid`: local ports that probes must not hold.
  void Apply(std::vector<ProbeTarget> targets, const Ports& avoid, Nanos now);
  // Starts and ends what is due.
  void Tick(Nanos now);
  // A socket has something to read.
  void OnReadable(const net::EventLoop::Event& event, Nanos now);
  // When Tick() is to be called next; nothing without targets.
  std::optional<Nanos> Next() const { return schedule_.Next(); }
  std::size_t size() const noexcept { return by_key_.size(); }

 private:
  using Key = std::pair<std::string, config::SocketAddress>;
  struct Slot {
    ProbeTarget target;
    ProbeState state;
    ProbeSocket socket;
    bool in_flight = false;
    bool late_unreachable = false;  // heard between two attempts
    Nanos started{0};
    Nanos next_start{0};
    std::int64_t unreachable_seen = 0;  // of PeerHealth.unreachable_at: one report, one failure
  };

  std::uint32_t NewSlot();
  void Add(const Key& key, ProbeTarget target, Nanos now);
  void Release(std::uint32_t index);
  void CloseSocket(Slot& slot);
  bool EnsureSocket(std::uint32_t index, Nanos now);
  void Start(std::uint32_t index, Nanos now);
  void TimeOut(std::uint32_t index, Nanos now);
  void Finish(std::uint32_t index, ProbeResult result, Nanos now);
  // Whether an unreachable that is not of the attempt itself makes it fail.
  static bool IsKnownUnreachable(Slot& slot, Nanos now);
  static ProbeSocket::Heard Read(Slot& slot, bool errors, Nanos now);

  net::EventLoop& loop_;
  ProbeStats& stats_;
  OnChange on_change_;
  Ports avoid_;
  ProbeSchedule schedule_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::map<Key, std::uint32_t> by_key_;
};

}  // namespace stevedore::health
