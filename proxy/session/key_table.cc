#include "proxy/session/key_table.h"

#include <algorithm>
#include <array>
#include <bit>

namespace stevedore::session {

KeyTable::KeyTable(std::uint64_t entries)
    : bucket_mask_(std::bit_ceil(std::max<std::uint64_t>(entries, kWays)) / kWays - 1),
      entries_(new std::atomic<std::uint64_t>[(bucket_mask_ + 1) * kWays]()) {}

std::uint64_t KeyTable::Hash(runtime::UpstreamId upstream, std::uint64_t key_hash) const noexcept {
  const std::array<std::uint64_t, 2> words = {runtime::Raw(upstream), key_hash};
  return SipHash13(secret_, words);
}

KeyTable::Entry KeyTable::Unpack(std::uint64_t word) noexcept {
  return {static_cast<std::uint32_t>(word >> 40), static_cast<std::uint32_t>(word >> 16) & 0xffffff,
          static_cast<std::uint16_t>(word)};
}

std::uint64_t KeyTable::Pack(const Entry& entry) noexcept {
  return std::uint64_t{entry.tag} << 40 | std::uint64_t{entry.peer} << 16 | entry.time;
}

std::uint16_t KeyTable::Stamp(std::uint32_t now) noexcept {
  const auto stamp = static_cast<std::uint16_t>(now);
  return stamp == 0 ? std::uint16_t{1} : stamp;
}

std::uint32_t KeyTable::Age(const Entry& entry, std::uint32_t now) noexcept {
  return static_cast<std::uint16_t>(static_cast<std::uint16_t>(now) - entry.time);
}

// Times of the future (a worker's clock a second ahead) are taken as fresh.
bool KeyTable::Live(const Entry& entry, std::uint32_t now, std::uint32_t idle_seconds) noexcept {
  if (entry.time == 0) return false;
  const std::uint32_t age = Age(entry, now);
  return age < std::min<std::uint32_t>(idle_seconds, 0xfff0) || age >= 0xfff0;
}

std::atomic<std::uint64_t>* KeyTable::Bucket(std::uint64_t hash) const noexcept {
  return &entries_[(hash & bucket_mask_) * kWays];
}

runtime::PeerId KeyTable::Find(std::uint64_t hash, std::uint32_t now,
                               std::uint32_t idle_seconds) noexcept {
  const auto tag = static_cast<std::uint32_t>(hash >> 40);
  std::atomic<std::uint64_t>* bucket = Bucket(hash);
  for (unsigned way = 0; way < kWays; ++way) {
    std::uint64_t word = bucket[way].load(std::memory_order_relaxed);
    Entry entry = Unpack(word);
    if (entry.tag != tag || !Live(entry, now, idle_seconds)) continue;
    const std::uint32_t age = Age(entry, now);
    if (age < 0xfff0 && age > idle_seconds / 8) {
      entry.time = Stamp(now);
      bucket[way].compare_exchange_strong(word, Pack(entry), std::memory_order_relaxed);
    }
    return runtime::PeerId{entry.peer};
  }
  return runtime::kNoPeerId;
}

void KeyTable::Store(std::uint64_t hash, runtime::PeerId peer, std::uint32_t now,
                     std::uint32_t idle_seconds, bool may_displace) noexcept {
  if (runtime::Raw(peer) > kMaxPeerId) return;
  const auto tag = static_cast<std::uint32_t>(hash >> 40);
  std::atomic<std::uint64_t>* bucket = Bucket(hash);
  unsigned chosen = kWays;
  std::uint32_t chosen_age = 0;
  std::uint64_t expected = 0;
  for (unsigned way = 0; way < kWays; ++way) {
    const std::uint64_t word = bucket[way].load(std::memory_order_relaxed);
    const Entry entry = Unpack(word);
    const bool live = Live(entry, now, idle_seconds);
    if (live && entry.tag == tag) {
      chosen = way, expected = word;
      break;
    }
    const std::uint32_t age = !live ? 0x10000 : Age(entry, now) >= 0xfff0 ? 0 : Age(entry, now);
    if ((!live || may_displace) && (chosen == kWays || age > chosen_age))
      chosen = way, chosen_age = age, expected = word;
  }
  if (chosen == kWays) return;
  const std::uint64_t word = Pack({tag, runtime::Raw(peer), Stamp(now)});
  if (word != expected)
    bucket[chosen].compare_exchange_strong(expected, word, std::memory_order_relaxed);
}

}  // namespace stevedore::session
