// Peers with made-up addresses, for the tests of this folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/runtime/maglev_table.h"

namespace stevedore::runtime {

// 10.0.0.0 + n, port 7000.
inline config::SocketAddress PeerAddress(std::uint32_t n) {
  return {config::IpAddress::V4(0x0a000000u + n), 7000};
}

// `count` peers of one weight, ascending by address.
inline std::vector<WeightedPeer> EqualPeers(std::uint32_t count, std::uint32_t weight = 1) {
  std::vector<WeightedPeer> peers;
  for (std::uint32_t n = 1; n <= count; ++n) peers.push_back({PeerAddress(n), weight});
  return peers;
}

}  // namespace stevedore::runtime
