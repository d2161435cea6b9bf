// An address range: "10.0.0.0/8" or "2001:db8::/32".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/config/address.h"

namespace stevedore::config {

// Addresses of one family: an IPv6 range holds no IPv4 address, not even ::/0.
struct Cidr {
  IpAddress base;         // bits after the prefix are ignored
  int prefix_bits = 128;  // of the 128-bit form: an IPv4 prefix counts from 96

  bool operator==(const Cidr&) const = default;
  bool Contains(const IpAddress& address) const noexcept;
  // The lowest and the highest address of the range.
  IpAddress First() const noexcept;
  IpAddress Last() const noexcept;
  // Canonical text, with the prefix, and no bits set behind it.
  std::string ToString() const;
  // Nothing for any other text; a bare address is its own range.
  static std::optional<Cidr> Parse(std::string_view text);
};

// What is wrong with a range of clients in text, if anything: no range, or not in canonical form.
std::optional<std::string> RangeProblem(std::string_view text);

}  // namespace stevedore::config
