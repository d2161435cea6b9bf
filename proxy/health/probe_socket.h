// ProbeSocket: one connected socket to one peer: what was sent, what came back, what ICMP said.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <span>

#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"
#include "proxy/config/address.h"

namespace stevedore::health {

using Ports = std::bitset<65536>;

// The socket is kept from attempt to attempt, so that a peer sees one client and not a new one per
// probe. Thread: one.
class ProbeSocket {
 public:
  // Opens a socket to `peer` on a local port that is not in `avoid` (ports of listeners).
  static Result<ProbeSocket> Open(const config::SocketAddress& peer, const Ports& avoid);
  ProbeSocket() noexcept = default;

  bool is_open() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }
  std::uint16_t local_port() const noexcept { return local_port_; }
  void Close() noexcept { fd_.reset(); }

  enum class Sent {
    kYes,
    kUnreachable,  // no way to the peer
    kFailed,       // a reason of this machine: no buffer, a local firewall
  };
  // Sends one datagram.
  Sent Send(std::span<const std::uint8_t> payload) noexcept;

  struct Heard {
    bool matched = false;           // a datagram that `accept` took
    bool unreachable = false;       // an ICMP error about the peer
    bool host_unreachable = false;  // one about its whole address
  };
  // Reads what is there, up to a datagram that `accept` takes; the error queue too when `errors`
  // says that it may hold something. Never blocks; bounded.
  Heard Read(const std::function<bool(std::span<const std::uint8_t>)>& accept, bool errors = true);
  // Whether neither a datagram nor an error waits: one system call where Read() takes several.
  bool IsQuiet() noexcept;

 private:
  ProbeSocket(UniqueFd fd, std::uint16_t port) noexcept : fd_(std::move(fd)), local_port_(port) {}
  void DrainErrors(Heard& heard) noexcept;

  UniqueFd fd_;
  std::uint16_t local_port_ = 0;
};

}  // namespace stevedore::health
