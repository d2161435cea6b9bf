// Crowd: flows that are addresses on one socket: a client each to the proxy, cheap for the load. So
// the proxy comes to its limit before the load does, and a million flows need no million sockets.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "tests/bench/traffic.h"

namespace stevedore::bench {

// The addresses behind the source's must be the machine's own (127.0.0.0/8 is, or a local route).
class Crowd : public Traffic {
 public:
  explicit Crowd(const LoadPlan& plan);
  ~Crowd() override;
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  bool Warm() override;
  LoadResult Run(double rate, double seconds) override;

 private:
  static constexpr unsigned kBatch = 64;
  static constexpr std::size_t kBytes = 2048;

  // One datagram of each of `count` flows from `flow` on, of kBatch at most.
  void Send(std::uint32_t flow, unsigned count, std::int64_t due, double gap, LoadResult& result);
  bool Exchange(std::uint32_t first, std::uint32_t last);
  // Takes what came.
  void Receive(LoadResult& result);

  const LoadPlan plan_;
  int fd_;
  std::array<std::array<std::uint8_t, kBytes>, kBatch> out_{};
  std::array<std::array<std::uint8_t, kBytes>, kBatch> in_{};
  std::array<std::array<std::uint8_t, 64>, kBatch> controls_{};
  std::array<sockaddr_in, kBatch> targets_{};
  std::array<iovec, kBatch> out_vectors_{};
  std::array<iovec, kBatch> in_vectors_{};
  std::array<mmsghdr, kBatch> out_headers_{};
  std::array<mmsghdr, kBatch> in_headers_{};
};

}  // namespace stevedore::bench
