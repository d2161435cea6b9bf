// HashKey: from a datagram to the hash that consistent hashing and Key affinity use.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "proxy/config/address.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/model.h"

namespace stevedore::runtime {

// Immutable; any thread. Packet path: no allocation.
class HashKey {
 public:
  // REQUIRES: a valid key (config/validate.h).
  HashKey(const config::HashKey& key, std::uint64_t seed) noexcept;

  // The key's bytes in `payload`, or of the client's address (16 bytes, IPv4 as ::ffff:a.b.c.d,
  // then the port in network order where asked for), hashed with the seed. Nothing when the
  // datagram is shorter than the range.
  std::optional<std::uint64_t> Hash(config::Payload payload,
                                    const config::SocketAddress& client) const noexcept;

  // What Hash() hashes, for people (explain). Allocates.
  std::optional<config::Bytes> KeyBytes(config::Payload payload,
                                        const config::SocketAddress& client) const;

 private:
  config::KeySource source_;
  std::uint32_t start_;
  std::uint32_t end_;
  std::uint64_t seed_;
};

}  // namespace stevedore::runtime
