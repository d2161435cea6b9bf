#include "proxy/session/flow_index.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>

namespace stevedore::session {

void* ReserveLazily(std::size_t bytes) noexcept {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void Unreserve(void* memory, std::size_t bytes) noexcept { ::munmap(memory, bytes); }

FlowIndex::FlowIndex(std::uint64_t sessions)
    : mask_(std::bit_ceil(std::max<std::uint64_t>(sessions * 3, 16)) - 1), entries_(mask_ + 1) {}

void FlowIndex::Insert(std::uint64_t hash, EntryKind kind, SessionIndex index) noexcept {
  std::uint64_t at = Tag(hash) & mask_;
  while (entries_[at].value != kEmpty) at = (at + 1) & mask_;
  entries_[at] = {Tag(hash), Value(kind, index)};
}

void FlowIndex::Erase(std::uint64_t hash, EntryKind kind, SessionIndex index) noexcept {
  std::uint64_t hole = Tag(hash) & mask_;
  while (entries_[hole].value != Value(kind, index)) {
    if (entries_[hole].value == kEmpty) return;
    hole = (hole + 1) & mask_;
  }
  for (std::uint64_t at = (hole + 1) & mask_; entries_[at].value != kEmpty; at = (at + 1) & mask_) {
    const std::uint64_t home = entries_[at].tag & mask_;
    // An entry may fill the hole unless its home lies behind the hole, cyclically.
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole].value = kEmpty;
}

}  // namespace stevedore::session
