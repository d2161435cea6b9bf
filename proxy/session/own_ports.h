// OwnPorts: which local ports the pools of all workers hold, so that a datagram from one of them is
// known as our own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace stevedore::session {

// Thread: any; writes only when a pool socket opens or closes. A count per port, because pools of
// both families may hold the same number.
class OwnPorts {
 public:
  void Add(std::uint16_t port) noexcept { counts_[port].fetch_add(1, std::memory_order_relaxed); }
  void Remove(std::uint16_t port) noexcept {
    counts_[port].fetch_sub(1, std::memory_order_relaxed);
  }
  bool Holds(std::uint16_t port) const noexcept {
    return counts_[port].load(std::memory_order_relaxed) != 0;
  }

 private:
  std::array<std::atomic<std::uint16_t>, 65536> counts_{};
};

}  // namespace stevedore::session
