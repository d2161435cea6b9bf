// IdBook: small dense integers for keys. An id stays with its key, and is given to another only
// after the key has been absent for a rest period, so that what still holds the id cannot mistake
// the newcomer for the old one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "proxy/base/clock.h"

namespace stevedore::runtime {

// Thread: one (the control thread).
template <class Key, class Value>
class IdBook {
 public:
  struct Entry {
    std::uint32_t id;
    Value value;
    std::uint64_t seen;  // round in which it was last asked for
  };

  // Begins a round: entries that are not asked for until EndRound() are removed there.
  void BeginRound() noexcept { ++round_; }

  // The entry of `key`, made with `make()` when it is new.
  template <class Make>
  Entry& Get(const Key& key, Make make) {
    auto found = entries_.find(key);
    if (found == entries_.end())
      found = entries_.emplace(key, Entry{NewId(), make(), round_}).first;
    found->second.seen = round_;
    return found->second;
  }

  // Removes what the round did not ask for. Their ids rest until `now` + `rest`.
  void EndRound(Nanos now, Nanos rest) {
    now_ = now;
    for (auto it = entries_.begin(); it != entries_.end();) {
      if (it->second.seen == round_) {
        ++it;
        continue;
      }
      resting_.emplace_back(it->second.id, now + rest);
      it = entries_.erase(it);
    }
  }

  // One more than the largest id ever given.
  std::uint32_t limit() const noexcept { return next_; }
  const std::map<Key, Entry>& entries() const noexcept { return entries_; }

 private:
  std::uint32_t NewId() {
    if (resting_.empty() || resting_.front().second > now_) return next_++;
    const std::uint32_t id = resting_.front().first;
    resting_.pop_front();
    return id;
  }

  std::map<Key, Entry> entries_;
  std::deque<std::pair<std::uint32_t, Nanos>> resting_;  // oldest first
  std::uint32_t next_ = 0;
  std::uint64_t round_ = 0;
  Nanos now_{0};
};

}  // namespace stevedore::runtime
