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
    for (std::uint64_t at = Home(tag);; at = Next(at)) {
      const Entry& entry = entries_[at];
      if (entry.value == kEmpty) return kNoSession;
      if (entry.tag == tag && Kind(entry) == kind && same(Index(entry))) return Index(entry);
    }
  }
  // Brings the entries that Find() looks at first on their way into the cache.
  [[gnu::always_inline]] void Prefetch(std::uint64_t hash) const noexcept {
    const std::uint64_t home = Home(Tag(hash));
    __builtin_prefetch(&entries_[home]);
    __builtin_prefetch(&entries_[Next(home)]);  // the same line, but for one in eight
  }
  // The session that Find() would look at first, almost surely the one to be found, or kNoSession.
  SessionIndex Guess(std::uint64_t hash, EntryKind kind) const noexcept {
    return Find(hash, kind, [](SessionIndex) { return true; });
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

  // Where an entry with this tag should stand: multiplied, not masked, so that the table need not
  // be a power of two, which may be twice what it has to be.
  std::uint64_t Home(std::uint32_t tag) const noexcept { return tag * size_ >> 32; }
  std::uint64_t Next(std::uint64_t at) const noexcept { return at + 1 == size_ ? 0 : at + 1; }
  // Steps from `from` to `to`.
  std::uint64_t Distance(std::uint64_t from, std::uint64_t to) const noexcept {
    return to >= from ? to - from : to + size_ - from;
  }

  static constexpr std::uint64_t kEntriesPerSession = 3;  // 2 of them in use
  static_assert(sizeof(Session) + kEntriesPerSession * sizeof(Entry) + 2 * sizeof(SessionIndex) <=
                    128,
                "user memory of a session: itself, its entries, its place in a lease book");

  std::uint64_t size_;
  LazyArray<Entry> entries_;
};

}  // namespace stevedore::session
