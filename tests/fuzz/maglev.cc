// Fuzz target: the hash that replicas agree on, and the Maglev table.
// Property: XXH64 is what its specification says (written apart, below). A table of valid peers
// names only peers of weight > 0, each with its share of the slots as far as rounds allow, and the
// same one for every slot whatever the order in which the peers came. Without one peer, slots that
// it did not own stay where they were but for few, and a pick by hash is never an unusable peer.
#include <cmath>
#include <map>

#include "proxy/runtime/balancer.h"
#include "proxy/runtime/hash.h"
#include "proxy/runtime/maglev_table.h"
#include "proxy/runtime/pick_set.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {
namespace {

using runtime::MaglevTable;
using runtime::PeerId;
using runtime::PeerState;
using runtime::Raw;

constexpr std::uint64_t kPrime1 = 11400714785074694791ull;
constexpr std::uint64_t kPrime2 = 14029467366897019727ull;
constexpr std::uint64_t kPrime3 = 1609587929392839161ull;
constexpr std::uint64_t kPrime4 = 9650029242287828579ull;
constexpr std::uint64_t kPrime5 = 2870177450012600261ull;

std::uint64_t Turn(std::uint64_t value, unsigned bits) {
  return value << bits | value >> (64 - bits);
}
std::uint64_t Little(std::span<const std::uint8_t> bytes, std::size_t at, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}
std::uint64_t Round(std::uint64_t lane, std::uint64_t input) {
  return Turn(lane + input * kPrime2, 31) * kPrime1;
}

// The specification's steps in its order (xxhash_spec.md, "XXH64 algorithm description").
std::uint64_t SlowXxh64(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  std::size_t at = 0;
  std::uint64_t sum = seed + kPrime5;
  if (bytes.size() >= 32) {
    std::uint64_t lanes[4] = {seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1};
    for (; at + 32 <= bytes.size(); at += 32)
      for (unsigned lane = 0; lane < 4; ++lane)
        lanes[lane] = Round(lanes[lane], Little(bytes, at + 8 * lane, 8));
    sum = Turn(lanes[0], 1) + Turn(lanes[1], 7) + Turn(lanes[2], 12) + Turn(lanes[3], 18);
    for (const std::uint64_t lane : lanes) sum = (sum ^ Round(0, lane)) * kPrime1 + kPrime4;
  }
  sum += bytes.size();
  for (; at + 8 <= bytes.size(); at += 8)
    sum = Turn(sum ^ Round(0, Little(bytes, at, 8)), 27) * kPrime1 + kPrime4;
  if (at + 4 <= bytes.size()) {
    sum = Turn(sum ^ (Little(bytes, at, 4) * kPrime1), 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < bytes.size(); ++at) sum = Turn(sum ^ (bytes[at] * kPrime5), 11) * kPrime1;
  sum = (sum ^ sum >> 33) * kPrime2;
  sum = (sum ^ sum >> 29) * kPrime3;
  return sum ^ sum >> 32;
}

std::vector<PeerState> MakePeers(Choices& choices) {
  std::map<config::SocketAddress, PeerState> peers;
  const std::uint32_t count = 1 + choices.Below(40);
  const bool weighted = choices.OneIn(2);
  for (std::uint32_t i = 0; i < count; ++i) {
    config::SocketAddress address{config::IpAddress::V4(0x0a000000u + choices.Below(64)), 7000};
    if (choices.OneIn(8)) address.ip.bytes[0] = 0x20;  // no IPv4 any more
    address.port = static_cast<std::uint16_t>(address.port + choices.Below(3));
    PeerState state;
    state.peer = {address, weighted ? 1 + choices.Below(100) : 1};
    state.passing = !choices.OneIn(5);
    peers.emplace(address, state);
  }
  std::vector<PeerState> list;
  for (auto& [address, state] : peers) {
    state.id = PeerId{static_cast<std::uint32_t>(list.size())};
    list.push_back(state);
  }
  return list;
}

runtime::PickSet Build(const std::vector<PeerState>& peers, std::uint64_t seed) {
  runtime::MaglevCache cache;
  return runtime::BuildPickSet(peers, config::Algorithm::kConsistentHash,
                               config::WhenNoneUsable::kFailOpen, seed, cache);
}

std::vector<PeerId> Owners(const runtime::PickSet& set) {
  std::vector<PeerId> owners;
  owners.reserve(MaglevTable::kSlots);
  for (std::uint32_t slot = 0; slot < MaglevTable::kSlots; ++slot) {
    const std::uint32_t owner = set.table->Find(slot);
    Require(owner < set.members.size(), "every slot names a peer");
    owners.push_back(set.members[owner].id);
  }
  return owners;
}

// Turns are dealt in rounds in which the heaviest peer has one: nobody is further from his share
// than the last round, the rounding of his own turns and that of all others allow.
void RequireShares(const std::vector<PeerState>& peers, const std::vector<PeerId>& owners) {
  std::vector<std::uint32_t> slots(peers.size());  // ids are positions
  for (const PeerId owner : owners) ++slots[Raw(owner)];
  double weights = 0;
  for (const PeerState& peer : peers) weights += peer.peer.weight;
  for (const PeerState& peer : peers) {
    const double part = peer.peer.weight / weights;
    const double share = MaglevTable::kSlots * part;
    const double slack = 2.0 + part * static_cast<double>(peers.size()) / 2;
    Require(std::abs(slots[Raw(peer.id)] - share) <= slack, "each peer has its share of the slots",
            std::to_string(slots[Raw(peer.id)]) + " instead of " + std::to_string(share));
  }
}

void RequireUsablePicks(const std::vector<PeerState>& peers, const runtime::PickSet& set,
                        Choices& choices) {
  std::map<PeerId, bool> passing;
  bool any = false;
  for (const PeerState& peer : peers) any = (passing[peer.id] = peer.passing) || any;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t hash =
        i == 0 ? choices.Word() : Round(choices.Byte(), kPrime4 * unsigned(i));
    const PeerId picked = runtime::PickByHash(set, hash, choices.Below(12));
    Require(passing.contains(picked), "a pick is one of the peers");
    Require(passing[picked] || !any, "a pick is usable while one is");
  }
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  Choices choices(data, size);
  const std::uint64_t seed = choices.Word();
  Require(runtime::Xxh64({data, size}, seed) == SlowXxh64({data, size}, seed),
          "XXH64 is what its specification says");
  std::vector<PeerState> peers = MakePeers(choices);
  const runtime::PickSet set = Build(peers, seed);
  const std::vector<PeerId> owners = Owners(set);
  RequireShares(peers, owners);
  RequireUsablePicks(peers, set, choices);

  if (peers.size() < 2) return 0;
  if (choices.OneIn(2)) {
    for (auto i = static_cast<std::uint32_t>(peers.size()); i > 1; --i)
      std::swap(peers[i - 1], peers[choices.Below(i)]);
    Require(Owners(Build(peers, seed)) == owners, "the order of the peers does not matter");
    return 0;
  }
  const PeerId gone = peers.back().id;
  peers.pop_back();
  const std::vector<PeerId> after = Owners(Build(peers, seed));
  std::uint32_t moved = 0;
  for (std::size_t slot = 0; slot < owners.size(); ++slot)
    moved += owners[slot] != gone && owners[slot] != after[slot] ? 1 : 0;
  Require(moved < MaglevTable::kSlots / 4, "most slots of the others stay", std::to_string(moved));
  return 0;
}
