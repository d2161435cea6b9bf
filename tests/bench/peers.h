// Peers: sockets that echo or only count, on a thread of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/bench/bench.h"

namespace stevedore::bench {

// Thread: one owner; set_echo() and received() any time. Receives with UDP_GRO when told to, and
// answers coalesced datagrams as one segmented send.
class Peers {
 public:
  // On ports of the system's choice.
  Peers(const sockaddr_in& address, unsigned count, bool gro);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  std::vector<std::uint16_t> Ports() const;
  void set_echo(bool echo) { echo_ = echo; }
  bool echo() const { return echo_; }
  // Datagrams so far, segments counted one by one.
  std::uint64_t received() const { return received_; }

 private:
  void Serve();
  void Take(int fd);

  std::vector<int> fds_;
  int poll_;
  std::atomic<bool> echo_{true};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> received_{0};
  std::thread thread_;
};

}  // namespace stevedore::bench
