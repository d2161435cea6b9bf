// How a session comes to be: the limits that it must pass and what is evicted for it.
#include <algorithm>
#include <cstring>

#include "proxy/session/session_table.h"

namespace stevedore::session {
namespace {

// What may go to any client, whatever it has sent: a datagram of the usual size.
constexpr std::uint64_t kFreeReplyBytes = 1500;

}  // namespace

using runtime::Raw;
using runtime::SessionEnd;
using runtime::UpDrop;

std::variant<SessionIndex, UpDrop> SessionTable::Create(const FlowKey& key,
                                                        const runtime::PeerEntry& entry,
                                                        runtime::PeerId peer, Tick now) noexcept {
  if (const auto refused = AdmitToListener(key, now)) return *refused;
  if (!AdmitToTable(now)) return UpDrop::kSessionLimit;
  const auto book_index = books_.Find(BookAddress(entry));
  if (!book_index) return UpDrop::kPortLimit;  // never: Apply() named the book of every peer
  LeaseBook& book = books_[*book_index];
  const auto slot = LeasePort(book, now);
  if (!slot) return UpDrop::kPortLimit;

  SessionIndex index = never_used_;
  if (free_.empty()) {
    ++never_used_;
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Session& session = sessions_[index];
  session = Session();
  session.key = key;
  session.peer = peer;
  session.book = *book_index;
  session.to_port = entry.address.port;
  session.port_slot = *slot;
  session.last_client = now;
  session.last_reply = now;
  session.live = true;
  ++live_;
  ListenerBook& listener = BookOf(session);
  ++listener.count;
  session.counted = listener.limits.max_per_source != 0;
  if (session.counted) ++per_source_[SourceKey(key)];
  session.bounded = listener.limits.max_reply_ratio != 0;
  if (session.bounded) reply_budgets_[index] = kFreeReplyBytes;
  if (listener.counters != nullptr) listener.counters->sessions_created.Add();
  book.Hold(*slot, index);
  Link(index);
  session.wheel_slot = wheel_.Add(index, Deadline(session), [this](SessionIndex i) -> Links& {
    return sessions_[i].by_deadline;
  }) & ExpiryWheel::kSlotMask;
  index_.Insert(SessionHash(key, peer), EntryKind::kSession, index);
  return index;
}

bool SessionTable::EvictOldest(const std::array<SessionList, 2>& by_age, Tick now) noexcept {
  for (const SessionList& list : by_age) {
    if (list.first == kNoSession) continue;
    End(list.first, SessionEnd::kEvicted, now);
    return true;
  }
  return false;
}

std::optional<UpDrop> SessionTable::AdmitToListener(const FlowKey& key, Tick now) noexcept {
  ListenerBook& listener = listeners_[Raw(key.listener)];
  if (listener.limits.max_per_source != 0) {
    const auto source = per_source_.find(SourceKey(key));
    if (source != per_source_.end() && source->second >= listener.limits.max_per_source)
      return UpDrop::kSourceLimit;
  }
  if (listener.count >= listener.limits.max_sessions && !EvictOldest(listener.by_age, now))
    return UpDrop::kSessionLimit;
  return std::nullopt;
}

// With the table full, the listener furthest above its fair share gives one of its own: every share
// is the same, so that is the one with the most sessions among those that can give.
bool SessionTable::AdmitToTable(Tick now) noexcept {
  if (live_ < capacity_) return true;
  ListenerBook* most = nullptr;
  for (ListenerBook& listener : listeners_) {
    const bool can_give =
        listener.by_age[0].first != kNoSession || listener.by_age[1].first != kNoSession;
    if (can_give && (most == nullptr || listener.count > most->count)) most = &listener;
  }
  return most != nullptr && EvictOldest(most->by_age, now);
}

std::optional<std::uint32_t> SessionTable::LeasePort(LeaseBook& book, Tick now) noexcept {
  PortPool& pool = *pools_[book.v4 ? 1 : 0];
  auto slot = book.Take(now, pool.max_sockets());
  // Nobody is evicted in vain: a lease is to be had at once only from an embryonic session that has
  // been silent for as long as its lease must rest.
  const SessionIndex oldest = book.by_age[0].first;
  if (!slot && oldest != kNoSession && sessions_[oldest].last_client + kEmbryonicRest <= now) {
    End(oldest, SessionEnd::kEvicted, now);
    slot = book.Take(now, pool.max_sockets());
  }
  if (!slot) return std::nullopt;
  // Unassured sessions hold at most half of a peer's leases, so that a flood leaves room for who
  // proves himself.
  const bool at_half = book.unassured >= std::max(1u, pool.max_sockets() / 2);
  if ((at_half && !EvictOldest(book.by_age, now)) || !pool.Lease(*slot)) {
    book.GiveBack(*slot, now);
    return std::nullopt;
  }
  return slot;
}

// The sum of a session's life cannot overflow: it counts while a client is not assured.
void SessionTable::AddReplyBudget(SessionIndex index, std::size_t size) noexcept {
  reply_budgets_[index] += BookOf(sessions_[index]).limits.max_reply_ratio * std::uint64_t{size};
}

bool SessionTable::TakeReplyBudget(SessionIndex index, std::size_t size) noexcept {
  const Session& session = sessions_[index];
  if (session.session_class == SessionClass::kAssured) return true;
  if (BookOf(session).limits.max_reply_ratio == 0) return true;  // switched off since
  // An empty reply costs the network something, too.
  const std::uint64_t cost = std::max<std::size_t>(size, 1);
  if (reply_budgets_[index] < cost) return false;
  reply_budgets_[index] -= cost;
  return true;
}

// The /32 of an IPv4 client, the /64 of an IPv6 one, with the listener.
std::uint64_t SessionTable::SourceKey(const FlowKey& key) const noexcept {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), key.client.ip.bytes.data(), sizeof words);
  if (!key.client.ip.is_v4()) words[1] = 0;
  const std::array<std::uint64_t, 3> input = {words[0], words[1], Raw(key.listener)};
  return SipHash13(secret_, input);
}

}  // namespace stevedore::session
