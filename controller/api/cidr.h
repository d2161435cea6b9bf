// An address range: "10.0.0.0/8" or "2001:db8::/32".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "proxy/config/address.h"

namespace stevedore::api {

struct Cidr {
  config::IpAddress base;  // bits after the prefix are ignored
  int prefix_bits = 128;   // of the 128-bit form: an IPv4 prefix counts from 96

  bool operator==(const Cidr&) const = default;
  bool Contains(const config::IpAddress& address) const noexcept;
  // Nothing for any other text; a bare address is its own range.
  static std::optional<Cidr> Parse(std::string_view text);
};

}  // namespace stevedore::api
