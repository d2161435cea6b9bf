// FlowIndex: an open-addressing table from a keyed hash to sessions. Fixed size, no allocation
// after construction.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "proxy/session/session.h"

namespace stevedore::session {

// Reserves `bytes` of zeroed memory whose pages are backed on first touch; null when that cannot be
// had.
void* ReserveLazily(std::size_t bytes) noexcept;
void Unreserve(void* memory, std::size_t bytes) noexcept;

// An array in such memory. T must be fine as all zero bytes.
template <class T>
class LazyArray {
 public:
  explicit LazyArray(std::size_t count) noexcept
      : data_(static_cast<T*>(ReserveLazily(count * sizeof(T)))), bytes_(count * sizeof(T)) {}
  ~LazyArray() {
    if (data_ != nullptr) Unreserve(data_, bytes_);
  }
  LazyArray(const LazyArray&) = delete;
  LazyArray& operator=(const LazyArray&) = delete;
  // False when the memory could not be reserved.
  explicit operator bool() const noexcept { return data_ != nullptr; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  T* data_;
  std::size_t bytes_;
};

// Which of a session's two entries this is.
enum class EntryKind : std::uint8_t { kSession, kFlow };

// Thread: one. Linear probing, deletion by shifting back (Knuth, The Art of Computer Programming
// 3, 6.4, algorithm R).
class FlowIndex {
 public:
  // Room for two entries of each of `sessions` sessions at a load of at most 2/3.
  explicit FlowIndex(std::uint64_t sessions);
  explicit operator bool() const noexcept { return static_cast<bool>(entries_); }

  // The first entry of that hash and kind for which `same(index)` holds, or kNoSession.
  template <class Same>
  SessionIndex Find(std::uint64_t hash, EntryKind kind, Same same) const noexcept {
    const std::uint32_t tag = Tag(hash);
    for (std::uint64_t at = tag & mask_;; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (entry.value == kEmpty) return kNoSession;
      if (entry.tag == tag && Kind(entry) == kind && same(Index(entry))) return Index(entry);
    }
  }
  // Brings the entry that Find() looks at first on its way into the cache.
  void Prefetch(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&entries_[Tag(hash) & mask_]);
  }
  // The session that this entry names, probably the one to be found, or kNoSession.
  SessionIndex Guess(std::uint64_t hash) const noexcept {
    const Entry& entry = entries_[Tag(hash) & mask_];
    return entry.value == kEmpty ? kNoSession : Index(entry);
  }
  void Insert(std::uint64_t hash, EntryKind kind, SessionIndex index) noexcept;
  // REQUIRES: it was inserted with this hash.
  void Erase(std::uint64_t hash, EntryKind kind, SessionIndex index) noexcept;

 private:
  // A page that was never touched reads as zero, hence "empty" is zero and a value is index + 1.
  static constexpr std::uint32_t kEmpty = 0;
  static constexpr std::uint32_t kFlowBit = 0x80000000u;
  struct Entry {
    std::uint32_t tag;
    std::uint32_t value;
  };
  static std::uint32_t Tag(std::uint64_t hash) noexcept { return static_cast<std::uint32_t>(hash); }
  static SessionIndex Index(const Entry& e) noexcept { return (e.value & ~kFlowBit) - 1; }
  static EntryKind Kind(const Entry& e) noexcept {
    return (e.value & kFlowBit) != 0 ? EntryKind::kFlow : EntryKind::kSession;
  }
  static std::uint32_t Value(EntryKind kind, SessionIndex index) noexcept {
    return (index + 1) | (kind == EntryKind::kFlow ? kFlowBit : 0);
  }

  std::uint64_t mask_;
  LazyArray<Entry> entries_;
};

}  // namespace stevedore::session
