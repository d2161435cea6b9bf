// Clients: an open-loop load of many flows, and what came of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/bench.h"
#include "tests/bench/histogram.h"

namespace stevedore::bench {

struct LoadPlan {
  sockaddr_in target{};
  sockaddr_in source{};  // of the flows; port 0
  unsigned flows = 1;
  std::size_t size = 64;  // bytes of payload, 16 at least
  unsigned burst = 1;     // datagrams of one flow in a row, at most 64
  bool gso = false;       // a burst is one segmented send
  bool echo = true;       // replies are expected
};

struct LoadResult {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;  // by our own system
  std::uint64_t answered = 0;
  Histogram latency;  // from the time that was due to the reply, so that a stall of ours counts
};

// Thread: one. Sockets live as long as it.
class Clients {
 public:
  // Ends the program when there are no descriptors.
  explicit Clients(const LoadPlan& plan);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Makes every flow known to the proxy by two exchanges, group by group. False when a group was
  // not answered.
  bool Warm();
  // Datagrams a second, all flows together, and for how many seconds.
  void SetPace(double rate, double seconds) {
    rate_ = rate;
    seconds_ = seconds;
  }
  // Sends at that pace, then waits for what is under way, 0.5 s at most.
  LoadResult Run();

 private:
  void Send(std::uint32_t flow, unsigned count, std::int64_t due, LoadResult& result);
  // One datagram of each flow, and its reply.
  bool Exchange(std::uint32_t first, std::uint32_t last);
  // Waits at most `nanos` and takes what came.
  void Receive(std::int64_t nanos, LoadResult& result);

  const LoadPlan plan_;
  double rate_ = 1000;
  double seconds_ = 1;
  std::vector<int> fds_;
  int poll_;
  std::vector<std::uint8_t> payload_;  // of a burst
};

}  // namespace stevedore::bench
