// SipHash-1-3: the keyed hash of tables whose keys a client chooses, so that nobody can make them
// collide. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012; one compression
// and three finalisation rounds as in the Rust and Linux (hsiphash) tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace stevedore::session {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  // A fresh key from the kernel's random numbers (getrandom).
  static SipKey Random() noexcept;
};

// Hash of whole 64-bit words. Packet path: no allocation.
std::uint64_t SipHash13(const SipKey& key, std::span<const std::uint64_t> words) noexcept;

}  // namespace stevedore::session
