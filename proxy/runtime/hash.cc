#include "proxy/runtime/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace stevedore::runtime {

std::uint64_t Xxh64(std::span<const std::uint8_t> bytes, std::uint64_t seed) noexcept {
  return XXH64(bytes.data(), bytes.size(), seed);
}

}  // namespace stevedore::runtime
