// LeaseBook: who holds which pool socket towards one peer's address and port, or towards every port
// of its address. A lease is unique, so that a reply on that socket from there belongs to one
// session; and it rests for a while after use, so that a late reply never reaches the next client.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proxy/config/address.h"
#include "proxy/session/session_list.h"

namespace stevedore::session {

// A first-in first-out queue that grows to its high-water mark and then allocates no more.
template <class T>
class Ring {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  const T& front() const noexcept { return items_[first_]; }
  void pop() noexcept {
    first_ = first_ + 1 == items_.size() ? 0 : first_ + 1;
    --size_;
  }
  void push(const T& item) {
    if (size_ == items_.size()) Grow();
    const std::size_t at = first_ + size_;
    items_[at >= items_.size() ? at - items_.size() : at] = item;
    ++size_;
  }

 private:
  void Grow() {
    std::vector<T> larger(items_.empty() ? 8 : items_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = items_[(first_ + i) % items_.size()];
    items_.swap(larger);
    first_ = 0;
  }
  std::vector<T> items_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

// Thread: one.
class LeaseBook {
 public:
  // Slots below `first_slot` are never given.
  explicit LeaseBook(std::uint32_t first_slot = 0) noexcept : next_fresh_(first_slot) {}

  // The slot whose rest is over for longest, or else one never used here (slots ascend); nothing
  // when every slot below `max_slots` is held or resting. The slot still has to be leased from the
  // pool; then call Hold(), else GiveBack().
  std::optional<std::uint32_t> Take(Tick now, std::uint32_t max_slots) noexcept;
  void Hold(std::uint32_t slot, SessionIndex session);
  // Undoes Take().
  void GiveBack(std::uint32_t slot, Tick now) { rested_[0].push({slot, now}); }
  // Ends a lease; the slot rests until `rest_until`. `brief` for embryonic sessions, whose rest is
  // short.
  void Release(std::uint32_t slot, Tick rest_until, bool brief);

  SessionIndex holder(std::uint32_t slot) const noexcept {
    return slot < holders_.size() ? holders_[slot] : kNoSession;
  }
  // Where that stands, or nullptr; good until the next Hold().
  const SessionIndex* place(std::uint32_t slot) const noexcept {
    return slot < holders_.size() ? &holders_[slot] : nullptr;
  }
  std::uint32_t held() const noexcept { return held_; }

  // Nothing is held, and every rest is over.
  bool Idle(Tick now) const noexcept { return held_ == 0 && last_rest_ <= now; }

  config::SocketAddress address;  // port 0: every port
  bool v4 = true;
  bool in_use = false;                // it stands for an address
  bool named = false;                 // by the snapshot in force
  std::uint32_t unassured = 0;        // sessions here that are not assured
  std::array<SessionList, 2> by_age;  // of the embryonic and of the replied sessions here

 private:
  struct Resting {
    std::uint32_t slot = 0;
    Tick until = 0;
  };
  std::vector<SessionIndex> holders_;    // by slot
  std::array<Ring<Resting>, 2> rested_;  // short rests, long rests: each in the order of its ends
  std::uint32_t next_fresh_ = 0;         // slots from here on were never used here
  std::uint32_t held_ = 0;
  Tick last_rest_ = 0;  // when the last rest ends
};

}  // namespace stevedore::session
