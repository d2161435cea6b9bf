// TrafficBook: whose counters there are: of the listeners, rules and upstreams in force, and what
// the ones that are gone have left.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "proxy/runtime/snapshot.h"

namespace stevedore::report {

// Sums over workers of a listener's counters.
struct ListenerTotals {
  std::array<std::uint64_t, 4> datagrams{};  // client_in, upstream_out, upstream_in, client_out
  std::array<std::uint64_t, 4> bytes{};
  std::array<std::uint64_t, runtime::kUpDropNames.size()> up_drops{};
  std::array<std::uint64_t, runtime::kDownDropNames.size()> down_drops{};
  std::uint64_t kernel_drops = 0;
  std::uint64_t sessions_created = 0;
  std::array<std::uint64_t, runtime::kSessionEndNames.size()> sessions_ended{};
  // That are alive. A reader may see an end before its beginning: less than 0 means 0.
  std::int64_t sessions = 0;

  void Add(const ListenerTotals& other);
  static ListenerTotals Of(const runtime::ListenerStats& stats);
};

// Sums over workers of an upstream's datagrams.
struct UpstreamTotals {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  static UpstreamTotals Of(const runtime::UpstreamStats& stats);
};

// Datagrams that a rule decided, over workers.
std::uint64_t Matches(const runtime::RuleStats& stats);

// Thread: all members from any thread.
class TrafficBook {
 public:
  // The snapshot in force from now on. REQUIRES: called before it is published, so that the kernel
  // drops of sockets that go are read while they are open.
  void SetSnapshot(std::shared_ptr<const runtime::Snapshot> snapshot);
  // Moves counters of what is gone into the nameless sum once no worker can write them any more.
  // `oldest`: the oldest generation in use.
  void Settle(std::uint64_t oldest);
  // Reads the kernel's drops of all listener sockets. Call once a second and at scrape.
  void ReadKernelDrops();

  // Totals by listener name; "" has what belongs to no listener and what was left by those that are
  // gone.
  std::map<std::string, ListenerTotals> Totals() const;
  std::shared_ptr<const runtime::Snapshot> snapshot() const;

 private:
  struct Tracked {
    std::shared_ptr<runtime::ListenerStats> stats;
    std::weak_ptr<runtime::ListenerSockets> sockets;
    std::vector<std::uint32_t> seen_drops;  // by worker: of the sockets that are open
    std::uint64_t kernel_drops = 0;
    std::uint64_t gone_since = 0;  // the first generation without it; 0 = in force
    // Under its earlier names: sessions that began there end here.
    std::vector<std::shared_ptr<runtime::ListenerStats>> former;
  };
  // Where in tracked_ something stands.
  struct Places {
    std::unordered_map<const runtime::ListenerStats*, std::size_t> by_stats;
    std::unordered_map<const runtime::ListenerSockets*, std::size_t> by_sockets;
  };
  void Track(const runtime::ListenerEntry& listener, Places& places);
  static void TakeOver(Tracked& from, Tracked& to);
  static void ReadDrops(Tracked& tracked);

  mutable std::mutex mutex_;
  std::shared_ptr<const runtime::Snapshot> snapshot_;
  std::vector<Tracked> tracked_;
  ListenerTotals settled_;
};

}  // namespace stevedore::report
