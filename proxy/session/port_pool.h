// PortPool: the upstream sockets of one worker for peers of one family. A slot is a socket's place;
// which peers use it is the lease books' business (lease_book.h).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <vector>

#include "proxy/base/unique_fd.h"
#include "proxy/session/own_ports.h"
#include "proxy/session/session_clock.h"

namespace stevedore::session {

// Thread: one. Lifetime: what the hooks refer to, and `own_ports`, outlive it.
class PortPool {
 public:
  // Called with (slot, descriptor) when a socket was opened and before it is closed: to watch it,
  // to read its kernel drops. `opened` may refuse (false): the socket is closed again.
  struct Hooks {
    std::function<bool(std::uint32_t slot, int fd)> opened;
    std::function<void(std::uint32_t slot, int fd)> closing;
  };

  PortPool(bool v4, std::uint32_t max_sockets, OwnPorts& own_ports, Hooks hooks);
  ~PortPool();
  PortPool(const PortPool&) = delete;
  PortPool& operator=(const PortPool&) = delete;

  // Ports that a listener names: none is taken from now on. REQUIRES: outlives the next call.
  void Avoid(const std::bitset<65536>& ports) { avoided_ = &ports; }

  // Adds a lease to `slot`, opening its socket if it is closed. REQUIRES: slot <= size() and slot <
  // max_sockets(). False when no port or descriptor is left.
  bool Lease(std::uint32_t slot) noexcept;
  // Ends a lease of `slot`, which rests until `rest_until`: its socket stays at least that long, so
  // that nobody else gets the port.
  void Release(std::uint32_t slot, Tick now, Tick rest_until) noexcept;

  int fd(std::uint32_t slot) const noexcept { return sockets_[slot].fd.get(); }
  std::uint16_t port(std::uint32_t slot) const noexcept { return sockets_[slot].port; }
  bool v4() const noexcept { return v4_; }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(sockets_.size()); }
  std::uint32_t max_sockets() const noexcept { return max_sockets_; }
  std::uint32_t open_sockets() const noexcept { return open_; }

  // Closes sockets that have had no lease for 60 s, and none that rests.
  void CloseUnused(Tick now) noexcept;
  // Closes the socket of `slot`. REQUIRES: it has no lease.
  void Close(std::uint32_t slot) noexcept;

 private:
  static constexpr Tick kUnusedTicks = 60 * kTicksPerSecond;
  struct Socket {
    UniqueFd fd;
    std::uint16_t port = 0;
    std::uint32_t leases = 0;
    Tick keep_until = 0;
  };
  bool Open(std::uint32_t slot) noexcept;

  const bool v4_;
  const std::uint32_t max_sockets_;
  OwnPorts& own_ports_;
  Hooks hooks_;
  const std::bitset<65536>* avoided_ = nullptr;
  std::vector<Socket> sockets_;
  std::uint32_t open_ = 0;
};

}  // namespace stevedore::session
