// UdpPeer: a peer on loopback that a test plays.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <optional>
#include <string>

#include "proxy/base/unique_fd.h"
#include "proxy/net/udp_socket.h"

namespace stevedore::health {

inline config::SocketAddress Loopback(std::uint16_t port) {
  return {config::IpAddress::V4(INADDR_LOOPBACK), port};
}

// Thread: one.
class UdpPeer {
 public:
  explicit UdpPeer(std::uint16_t port = 0) : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    const socklen_t length = net::ToSockaddr(Loopback(port), AF_INET, storage);
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) fd_.reset();
  }
  bool open() const { return static_cast<bool>(fd_); }
  config::SocketAddress address() const { return Loopback(net::LocalPort(fd_.get())); }

  // The next datagram, or nothing within two seconds.
  std::optional<std::string> Receive(int timeout_ms = 2000) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, timeout_ms) != 1) return std::nullopt;
    char buffer[2048];
    length_ = sizeof from_;
    const ssize_t n = ::recvfrom(fd_.get(), buffer, sizeof buffer, 0,
                                 reinterpret_cast<sockaddr*>(&from_), &length_);
    if (n < 0) return std::nullopt;
    return std::string(buffer, static_cast<std::size_t>(n));
  }
  // To the sender of the last datagram.
  bool Reply(const std::string& text) {
    return ::sendto(fd_.get(), text.data(), text.size(), 0,
                    reinterpret_cast<const sockaddr*>(&from_), length_) >= 0;
  }
  config::SocketAddress client() const { return net::FromSockaddr(from_); }

 private:
  UniqueFd fd_;
  sockaddr_storage from_{};
  socklen_t length_ = 0;
};

}  // namespace stevedore::health
