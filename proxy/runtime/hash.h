// The hash that replicas must agree on: keys to Maglev slots, peers to Maglev permutations.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace stevedore::runtime {

// XXH64 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md): the same on every machine,
// computable without 128-bit arithmetic. Not for tables that a client could flood: those hash with
// a secret (session/siphash.h).
std::uint64_t Xxh64(std::span<const std::uint8_t> bytes, std::uint64_t seed) noexcept;

}  // namespace stevedore::runtime
