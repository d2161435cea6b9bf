// OwnPorts: which local ports the pools of all workers hold, so that a datagram from one of them is
// known as our own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace stevedore::session {

// Thread: any; writes only when a pool socket opens or closes. A count per port, because pools of
// both families may hold the same number; and a bit per port for the packet path, so that what it
// reads stays in the first cache.
class OwnPorts {
 public:
  void Add(std::uint16_t port) noexcept {
    if (counts_[port].fetch_add(1) == 0) Word(port).fetch_or(Bit(port));
  }
  void Remove(std::uint16_t port) noexcept {
    if (counts_[port].fetch_sub(1) != 1) return;
    Word(port).fetch_and(~Bit(port));
    // Somebody else may have added it between the two.
    if (counts_[port].load() != 0) Word(port).fetch_or(Bit(port));
  }
  bool Holds(std::uint16_t port) const noexcept {
    return (held_[port / 64].load(std::memory_order_relaxed) & Bit(port)) != 0;
  }

 private:
  static std::uint64_t Bit(std::uint16_t port) noexcept { return std::uint64_t{1} << port % 64; }
  std::atomic<std::uint64_t>& Word(std::uint16_t port) noexcept { return held_[port / 64]; }

  std::array<std::atomic<std::uint16_t>, 65536> counts_{};
  std::array<std::atomic<std::uint64_t>, 65536 / 64> held_{};
};

}  // namespace stevedore::session
