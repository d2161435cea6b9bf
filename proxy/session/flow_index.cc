#include "proxy/session/flow_index.h"

#include <sys/mman.h>

#include <algorithm>

namespace stevedore::session {

void* ReserveLazily(std::size_t bytes) noexcept {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void Unreserve(void* memory, std::size_t bytes) noexcept { ::munmap(memory, bytes); }

FlowIndex::FlowIndex(std::uint64_t sessions)
    : size_(std::max<std::uint64_t>(sessions * kEntriesPerSession, 16)), entries_(size_) {}

void FlowIndex::Insert(std::uint64_t hash, EntryKind kind, SessionIndex index) noexcept {
  std::uint64_t at = Home(Tag(hash));
  while (entries_[at].value != kEmpty) at = Next(at);
  entries_[at] = {Tag(hash), Value(kind, index)};
}

void FlowIndex::Erase(std::uint64_t hash, EntryKind kind, SessionIndex index) noexcept {
  std::uint64_t hole = Home(Tag(hash));
  // By tag, too: a session has an entry for each of its Flows, all of the same value.
  while (entries_[hole].value != Value(kind, index) || entries_[hole].tag != Tag(hash)) {
    if (entries_[hole].value == kEmpty) return;
    hole = Next(hole);
  }
  for (std::uint64_t at = Next(hole); entries_[at].value != kEmpty; at = Next(at)) {
    // An entry may fill the hole unless its home lies behind the hole, cyclically.
    if (Distance(Home(entries_[at].tag), at) < Distance(hole, at)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole].value = kEmpty;
}

}  // namespace stevedore::session
