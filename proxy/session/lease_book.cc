#include "proxy/session/lease_book.h"

#include <algorithm>

namespace stevedore::session {

std::optional<std::uint32_t> LeaseBook::Take(Tick now, std::uint32_t max_slots) noexcept {
  for (Ring<Resting>& queue : rested_) {
    if (queue.empty() || queue.front().until > now) continue;
    const std::uint32_t slot = queue.front().slot;
    queue.pop();
    return slot;
  }
  if (next_fresh_ < max_slots) return next_fresh_++;
  return std::nullopt;
}

void LeaseBook::Hold(std::uint32_t slot, SessionIndex session) {
  if (slot >= holders_.size()) holders_.resize(slot + 1, kNoSession);
  holders_[slot] = session;
  ++held_;
}

void LeaseBook::Release(std::uint32_t slot, Tick rest_until, bool brief) {
  holders_[slot] = kNoSession;
  --held_;
  rested_[brief ? 0 : 1].push({slot, rest_until});
  last_rest_ = std::max(last_rest_, rest_until);
}

}  // namespace stevedore::session
