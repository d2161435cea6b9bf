// Clients: flows that are a socket each, as clients of a proxy are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "tests/bench/traffic.h"

namespace stevedore::bench {

class Clients : public Traffic {
 public:
  // Ends the program when there are no descriptors.
  explicit Clients(const LoadPlan& plan);
  ~Clients() override;
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  bool Warm() override;
  LoadResult Run(double rate, double seconds) override;

 private:
  void Send(std::uint32_t flow, unsigned count, std::int64_t due, LoadResult& result);
  // One datagram of each flow, and its reply.
  bool Exchange(std::uint32_t first, std::uint32_t last);
  // Waits at most `nanos` and takes what came.
  void Receive(std::int64_t nanos, LoadResult& result);

  const LoadPlan plan_;
  std::vector<int> fds_;
  int poll_;
  std::vector<std::uint8_t> payload_;  // of a burst
};

}  // namespace stevedore::bench
