// AccessList: who may send to a listener: its `allow` and `deny` ranges, made into steps over the
// addresses of each family, so that a client costs one binary search however many ranges there are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "proxy/config/address.h"
#include "proxy/config/cidr.h"

namespace stevedore::runtime {

// Immutable; any thread.
class AccessList {
 public:
  // A client is let in when no range of `deny` holds it, and one of `allow` does, or `allow` is
  // empty.
  AccessList(std::span<const config::Cidr> allow, std::span<const config::Cidr> deny);

  // Packet path: no allocation; at most 9 compares for 64 ranges in each list.
  bool Allows(const config::IpAddress& client) const noexcept;

  // Equal when they let the same clients in, however the ranges are written.
  bool operator==(const AccessList&) const = default;

 private:
  // From this address on, up to that of the next step, clients are let in or not.
  struct Step {
    config::IpAddress first;
    bool allowed;
    bool operator==(const Step&) const = default;
  };
  using Steps = std::vector<Step>;  // ascending; the first one begins the family

  static Steps Make(bool v4, std::span<const config::Cidr> allow,
                    std::span<const config::Cidr> deny);

  Steps v4_;
  Steps v6_;
};

}  // namespace stevedore::runtime
