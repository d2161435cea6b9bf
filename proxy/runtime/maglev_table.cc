#include "proxy/runtime/maglev_table.h"

#include <algorithm>
#include <array>

#include "proxy/runtime/hash.h"

namespace stevedore::runtime {
namespace {

constexpr std::uint16_t kEmpty = 0xffff;

// A peer's preference list over all slots: offset, offset + skip, offset + 2 skip, ... modulo the
// number of slots.
struct Permutation {
  std::uint32_t next;
  std::uint32_t skip;

  Permutation(const config::SocketAddress& peer, std::uint64_t seed) noexcept {
    std::array<std::uint8_t, 18> name{};
    std::copy(peer.ip.bytes.begin(), peer.ip.bytes.end(), name.begin());
    name[16] = static_cast<std::uint8_t>(peer.port >> 8);
    name[17] = static_cast<std::uint8_t>(peer.port & 0xff);
    next = static_cast<std::uint32_t>(Xxh64(name, seed) % MaglevTable::kSlots);
    skip = static_cast<std::uint32_t>(Xxh64(name, ~seed) % (MaglevTable::kSlots - 1) + 1);
  }
  std::uint32_t Take() noexcept {
    const std::uint32_t slot = next;
    next += skip;
    if (next >= MaglevTable::kSlots) next -= MaglevTable::kSlots;
    return slot;
  }
};

}  // namespace

MaglevTable::MaglevTable(std::span<const WeightedPeer> peers, std::uint64_t seed)
    : slots_(kSlots, kEmpty) {
  std::vector<Permutation> permutations;
  permutations.reserve(peers.size());
  for (const WeightedPeer& peer : peers) permutations.emplace_back(peer.address, seed);
  std::uint32_t heaviest = 1;
  for (const WeightedPeer& peer : peers) heaviest = std::max(heaviest, peer.weight);
  // The heaviest peer takes a slot in every round, the others in their share of the rounds: however
  // many turns the weights add up to, the slots do not run out before the last peer's turn.
  std::vector<std::uint32_t> credit(peers.size(), heaviest / 2);
  for (std::uint32_t filled = 0; filled < kSlots;) {
    for (std::size_t i = 0; i < peers.size() && filled < kSlots; ++i) {
      credit[i] += peers[i].weight;
      if (credit[i] < heaviest) continue;
      credit[i] -= heaviest;
      std::uint32_t slot = permutations[i].Take();
      while (slots_[slot] != kEmpty) slot = permutations[i].Take();
      slots_[slot] = static_cast<std::uint16_t>(i);
      ++filled;
    }
  }
}

}  // namespace stevedore::runtime
