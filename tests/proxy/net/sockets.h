// Plain blocking sockets of the other side, for tests on loopback.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/unique_fd.h"
#include "proxy/net/udp_socket.h"

namespace stevedore::net {

inline SocketAddress At(std::string_view text) { return *SocketAddress::Parse(text); }

// A UDP socket bound to `address`, in the family of its address.
inline UniqueFd BoundSocket(const SocketAddress& address) {
  const int family = address.ip.is_v4() ? AF_INET : AF_INET6;
  UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(address, family, storage);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) fd.reset();
  return fd;
}

inline SocketAddress LocalAddress(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length);
  return FromSockaddr(storage);
}

inline bool SendTo(int fd, const SocketAddress& to, std::string_view text) {
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(to, Family(fd), storage);
  return ::sendto(fd, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&storage),
                  length) == static_cast<ssize_t>(text.size());
}

struct Received {
  std::string text;
  SocketAddress source;
};

// Waits for one datagram; nothing after `timeout_ms`.
inline std::optional<Received> ReceiveFrom(int fd, int timeout_ms = 5000) {
  pollfd wait{fd, POLLIN, 0};
  if (::poll(&wait, 1, timeout_ms) != 1) return std::nullopt;
  static thread_local char buffer[65536];
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  const ssize_t n = ::recvfrom(fd, buffer, sizeof buffer, MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&storage), &length);
  if (n < 0) return std::nullopt;
  return Received{std::string(buffer, static_cast<std::size_t>(n)), FromSockaddr(storage)};
}

inline bool Readable(int fd, int timeout_ms = 5000) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, timeout_ms) == 1;
}

// Whether this machine has IPv6 on loopback; tests of it skip with that reason.
inline bool HasIpv6() { return static_cast<bool>(BoundSocket(At("[::1]:0"))); }

}  // namespace stevedore::net
