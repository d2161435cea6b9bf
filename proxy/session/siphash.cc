#include "proxy/session/siphash.h"

#include <sys/random.h>

#include <bit>

namespace stevedore::session {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void Round() noexcept {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    Round();
    v0 ^= word;
  }
};

}  // namespace

SipKey SipKey::Random() noexcept {
  SipKey key;
  // 16 bytes never come short (getrandom(2): up to 256 are atomic).
  [[maybe_unused]] const auto n = ::getrandom(&key, sizeof key, 0);
  return key;
}

std::uint64_t SipHash13(const SipKey& key, std::span<const std::uint64_t> words) noexcept {
  State state{key.k0 ^ 0x736f6d6570736575ull, key.k1 ^ 0x646f72616e646f6dull,
              key.k0 ^ 0x6c7967656e657261ull, key.k1 ^ 0x7465646279746573ull};
  for (const std::uint64_t word : words) state.Absorb(word);
  state.Absorb(std::uint64_t{words.size() * 8} << 56);
  state.v2 ^= 0xff;
  state.Round();
  state.Round();
  state.Round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace stevedore::session
