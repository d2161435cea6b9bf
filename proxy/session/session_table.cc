#include "proxy/session/session_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace stevedore::session {
namespace {

using runtime::Raw;
using runtime::SessionEnd;

// Words of an address, for hashing.
std::array<std::uint64_t, 2> Words(const config::IpAddress& ip) noexcept {
  std::array<std::uint64_t, 2> words;
  std::memcpy(words.data(), ip.bytes.data(), sizeof words);
  return words;
}

}  // namespace

SessionTable::SessionTable(std::uint32_t capacity, unsigned worker, PortPool& v4, PortPool& v6,
                           Tick now)
    : capacity_(capacity),
      worker_(worker),
      pools_{&v6, &v4},
      sessions_(capacity),
      index_(capacity),
      wheel_(now) {}

std::uint64_t SessionTable::Hash(const FlowKey& key, EntryKind kind,
                                 std::uint32_t id) const noexcept {
  const auto client = Words(key.client.ip);
  const auto local = Words(key.local);
  const std::array<std::uint64_t, 6> words = {
      client[0],
      client[1],
      local[0],
      local[1],
      std::uint64_t{key.client.scope} << 32 | Raw(key.listener),
      std::uint64_t{key.client.port} << 48 | std::uint64_t{kind == EntryKind::kFlow} << 32 | id};
  return SipHash13(secret_, words);
}

void SessionTable::Apply(const runtime::Snapshot& snapshot, Tick now) {
  if (listeners_.size() < snapshot.listener_by_id.size())
    listeners_.resize(snapshot.listener_by_id.size());
  for (std::uint32_t id = 0; id < listeners_.size(); ++id) {
    const std::uint32_t at = id < snapshot.listener_by_id.size() ? snapshot.listener_by_id[id]
                                                                 : runtime::Snapshot::kNoListener;
    if (at == runtime::Snapshot::kNoListener) {
      // Its counters may be gone with the next snapshot: end its sessions while they can still be
      // counted.
      if (listeners_[id].count != 0)
        EndIf([id](const Session& s) { return Raw(s.key.listener) == id; }, now);
      listeners_[id].counters = nullptr;
      continue;
    }
    const runtime::ListenerEntry& entry = snapshot.listeners[at];
    listeners_[id].limits = entry.session;
    listeners_[id].counters = &entry.stats->of(worker_);
  }
  if (peer_addresses_.size() < snapshot.peers.size()) peer_addresses_.resize(snapshot.peers.size());
  books_.BeginNaming();
  for (std::uint32_t id = 0; id < snapshot.peers.size(); ++id) {
    const runtime::PeerEntry& peer = snapshot.peers[id];
    if (!peer.present) continue;
    books_.Name(BookAddress(peer), pools_[peer.address.ip.is_v4()]->size());
    // Who was paused for longer than ids rest may hold sessions of the id's former owner.
    const config::SocketAddress former = std::exchange(peer_addresses_[id], peer.address);
    if (former.port != 0 && former != peer.address)
      EndIf([id](const Session& s) { return Raw(s.peer) == id; }, now);
  }
  books_.EndNaming(now);
}

SessionIndex SessionTable::Find(const FlowKey& key, runtime::PeerId peer) const noexcept {
  const auto same = [&](SessionIndex i) {
    return sessions_[i].peer == peer && sessions_[i].key == key;
  };
  return index_.Find(Hash(key, EntryKind::kSession, Raw(peer)), EntryKind::kSession, same);
}

SessionIndex SessionTable::FindFlow(const FlowKey& key,
                                    runtime::UpstreamId upstream) const noexcept {
  const auto same = [&](SessionIndex i) {
    return sessions_[i].flow == upstream && sessions_[i].key == key;
  };
  return index_.Find(Hash(key, EntryKind::kFlow, Raw(upstream)), EntryKind::kFlow, same);
}

PortPool& SessionTable::PoolOf(const Session& session) noexcept {
  return *pools_[LeasesOf(session).v4 ? 1 : 0];
}

void SessionTable::SetFlow(SessionIndex index, runtime::UpstreamId upstream) noexcept {
  Session& session = sessions_[index];
  if (session.flow == upstream) return;
  const std::uint64_t hash = Hash(session.key, EntryKind::kFlow, Raw(upstream));
  const SessionIndex former = FindFlow(session.key, upstream);
  if (former != kNoSession) {
    index_.Erase(hash, EntryKind::kFlow, former);
    sessions_[former].flow = kNoFlow;
  }
  if (session.flow != kNoFlow)
    index_.Erase(Hash(session.key, EntryKind::kFlow, Raw(session.flow)), EntryKind::kFlow, index);
  session.flow = upstream;
  index_.Insert(hash, EntryKind::kFlow, index);
}

void SessionTable::OnClient(SessionIndex index, Tick now) noexcept {
  Session& session = sessions_[index];
  session.last_client = now;
  if (session.session_class == SessionClass::kReplied) SetClass(index, SessionClass::kAssured);
}

void SessionTable::OnReply(SessionIndex index, Tick now) noexcept {
  Session& session = sessions_[index];
  session.last_reply = now;
  if (session.session_class == SessionClass::kEmbryonic) SetClass(index, SessionClass::kReplied);
}

// A client's datagram keeps any session; a reply keeps one that was replied to, for max_reply_only
// after the client's last datagram.
Tick SessionTable::Deadline(const Session& session) const noexcept {
  const runtime::SessionLimits& limits = listeners_[Raw(session.key.listener)].limits;
  if (session.session_class == SessionClass::kEmbryonic)
    return session.last_client + limits.embryonic_timeout * kTicksPerSecond;
  const Tick reply_end = session.last_client + limits.max_reply_only * kTicksPerSecond;
  const Tick last = std::max(session.last_client, std::min(session.last_reply, reply_end));
  return last + limits.idle_timeout * kTicksPerSecond;
}

void SessionTable::Link(SessionIndex index) noexcept {
  Session& session = sessions_[index];
  if (session.session_class == SessionClass::kAssured) return;
  const auto nth = static_cast<std::size_t>(session.session_class);
  BookOf(session).by_age[nth].PushBack(
      index, [this](SessionIndex i) -> Links& { return sessions_[i].by_age[0]; });
  LeasesOf(session).by_age[nth].PushBack(
      index, [this](SessionIndex i) -> Links& { return sessions_[i].by_age[1]; });
  ++LeasesOf(session).unassured;
}

void SessionTable::Unlink(SessionIndex index) noexcept {
  Session& session = sessions_[index];
  if (session.session_class == SessionClass::kAssured) return;
  const auto nth = static_cast<std::size_t>(session.session_class);
  BookOf(session).by_age[nth].Remove(
      index, [this](SessionIndex i) -> Links& { return sessions_[i].by_age[0]; });
  LeasesOf(session).by_age[nth].Remove(
      index, [this](SessionIndex i) -> Links& { return sessions_[i].by_age[1]; });
  --LeasesOf(session).unassured;
}

void SessionTable::SetClass(SessionIndex index, SessionClass to) noexcept {
  Unlink(index);
  sessions_[index].session_class = to;
  Link(index);
  File(index);  // the deadline of the new class may be the earlier one
}

void SessionTable::File(SessionIndex index) noexcept {
  const auto link = [this](SessionIndex i) -> Links& { return sessions_[i].by_deadline; };
  Session& session = sessions_[index];
  wheel_.Remove(index, session.wheel_slot, link);
  session.wheel_slot = wheel_.Add(index, Deadline(session), link) & ExpiryWheel::kSlotMask;
}

void SessionTable::End(SessionIndex index, SessionEnd why, Tick now) noexcept {
  Session& session = sessions_[index];
  Unlink(index);
  wheel_.Remove(index, session.wheel_slot,
                [this](SessionIndex i) -> Links& { return sessions_[i].by_deadline; });
  index_.Erase(Hash(session.key, EntryKind::kSession, Raw(session.peer)), EntryKind::kSession,
               index);
  if (session.flow != kNoFlow)
    index_.Erase(Hash(session.key, EntryKind::kFlow, Raw(session.flow)), EntryKind::kFlow, index);
  ListenerBook& listener = BookOf(session);
  const bool brief = session.session_class == SessionClass::kEmbryonic;
  const Tick rest = std::max<Tick>(60, listener.limits.idle_timeout) * kTicksPerSecond;
  const Tick until = brief ? session.last_client + kEmbryonicRest : now + rest;
  PoolOf(session).Release(session.port_slot, now, until);
  LeasesOf(session).Release(session.port_slot, until, brief);
  if (session.counted) {
    const auto source = per_source_.find(SourceKey(session.key));
    if (source != per_source_.end() && --source->second == 0) per_source_.erase(source);
  }
  --listener.count;
  if (listener.counters != nullptr)
    listener.counters->sessions_ended[static_cast<std::size_t>(why)].Add();
  session.live = false;
  --live_;
  free_.push_back(index);
}

void SessionTable::Expire(Tick now) noexcept {
  wheel_.Advance(now, [&](SessionIndex index) {
    if (Deadline(sessions_[index]) <= now) {
      End(index, SessionEnd::kIdle, now);
    } else {
      File(index);
    }
  });
}

void SessionTable::RetirePort(std::uint16_t port, Tick now) noexcept {
  for (PortPool* pool : pools_) {
    for (std::uint32_t slot = 0; slot < pool->size(); ++slot) {
      if (pool->fd(slot) < 0 || pool->port(slot) != port) continue;
      for (LeaseBook& book : books_.all())
        if (pools_[book.v4 ? 1 : 0] == pool && book.holder(slot) != kNoSession)
          End(book.holder(slot), SessionEnd::kRemoved, now);
      pool->Close(slot);
    }
  }
}

}  // namespace stevedore::session
