// IP addresses and socket addresses as compact values, independent of sockaddr's layout.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stevedore::config {

// An IPv4 or IPv6 address. IPv4 is held as ::ffff:a.b.c.d, so that one client has one identity
// whatever the family of the socket it arrived on; is_v4() tells.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network order

  auto operator<=>(const IpAddress&) const = default;

  bool is_v4() const noexcept;
  bool is_unspecified() const noexcept;  // 0.0.0.0 or ::
  bool is_loopback() const noexcept;
  bool is_multicast() const noexcept;
  bool is_link_local() const noexcept;
  bool is_broadcast() const noexcept;  // 255.255.255.255

  // From text in any form that inet_pton takes; no zone. Nothing when it is not an address.
  static std::optional<IpAddress> Parse(std::string_view text);
  static IpAddress V4(std::uint32_t host_order) noexcept;
  // Canonical text: dotted quad for IPv4, RFC 5952 for IPv6.
  std::string ToString() const;
};

// Address and port. `port` is in host order; `scope` is the interface of a link-local IPv6 address,
// else 0.
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;
  std::uint32_t scope = 0;

  auto operator<=>(const SocketAddress&) const = default;
  // "1.2.3.4:5" or "[2001:db8::1]:5".
  std::string ToString() const;
  // Both forms of ToString(), and ":5" for every address ("::").
  static std::optional<SocketAddress> Parse(std::string_view text);
};

}  // namespace stevedore::config
