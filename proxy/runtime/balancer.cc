#include "proxy/runtime/balancer.h"

#include <array>

#include "proxy/runtime/hash.h"

namespace stevedore::runtime {
PeerId PickRoundRobin(const PickSet& set, std::uint64_t& position) noexcept {
  if (set.ring.empty()) return kNoPeerId;
  if (position >= set.ring.size()) position %= set.ring.size();
  return set.usable[set.ring.At(position++)];
}

std::uint64_t Rehash(std::uint64_t hash, std::uint32_t tries) noexcept {
  std::array<std::uint8_t, 8> bytes;
  for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(hash >> (8 * i));
  return tries == 0 ? hash : Xxh64(bytes, tries);
}

PeerId PickByHash(const PickSet& set, std::uint64_t hash, std::uint32_t attempt) noexcept {
  if (set.usable.empty() || !set.table) return kNoPeerId;
  for (std::uint32_t tries = attempt; tries <= kMaxRehash; ++tries) {
    const PickSet::Member& member = set.members[set.table->Find(Rehash(hash, tries))];
    if (member.usable) return member.id;
  }
  return set.usable[(hash + attempt) % set.usable.size()];
}

}  // namespace stevedore::runtime
