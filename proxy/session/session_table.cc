#include "proxy/session/session_table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace stevedore::session {
namespace {

using runtime::PeerId;
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
      reply_budgets_(capacity),
      index_(capacity),
      wheel_(now) {}

std::uint64_t SessionTable::Hash(const FlowKey& key, EntryKind kind,
                                 std::uint64_t whom) const noexcept {
  const auto client = Words(key.client.ip);
  const auto local = Words(key.local);
  const std::array<std::uint64_t, 7> words = {
      client[0],
      client[1],
      local[0],
      local[1],
      std::uint64_t{key.client.scope} << 32 | Raw(key.listener),
      std::uint64_t{key.client.port} << 48 | std::uint64_t{kind == EntryKind::kFlow},
      whom};
  return SipHash13(secret_, words);
}

std::uint64_t SessionTable::SessionHash(const FlowKey& key, PeerId peer) const noexcept {
  return Hash(key, EntryKind::kSession, peers_[Raw(peer)].hash);
}

std::uint64_t SessionTable::FlowHash(const FlowKey& key,
                                     runtime::UpstreamId upstream) const noexcept {
  return Hash(key, EntryKind::kFlow, Raw(upstream));
}

void SessionTable::Apply(const runtime::Snapshot& snapshot, Tick now) {
  ApplyListeners(snapshot, now);
  ApplyPeers(snapshot, now);
}

void SessionTable::ApplyListeners(const runtime::Snapshot& snapshot, Tick now) {
  if (listeners_.size() < snapshot.listener_by_id.size())
    listeners_.resize(snapshot.listener_by_id.size());
  for (std::uint32_t id = 0; id < listeners_.size(); ++id) {
    const std::uint32_t at = id < snapshot.listener_by_id.size() ? snapshot.listener_by_id[id]
                                                                 : runtime::Snapshot::kNoListener;
    if (at == runtime::Snapshot::kNoListener) {
      // Its counters may be gone with the next snapshot: end its sessions while they can still be
      // counted.
      if (listeners_[id].count != 0)
        EndIf([&](SessionIndex i) { return Raw(sessions_[i].key.listener) == id; }, now);
      listeners_[id].counters = nullptr;
      continue;
    }
    const runtime::ListenerEntry& entry = snapshot.listeners[at];
    listeners_[id].limits = entry.session;
    listeners_[id].counters = &entry.stats->of(worker_);
    ApplyAccess(entry, now);
  }
}

// Without this, replies would keep the sessions of a client that is shut out, and go on to it.
void SessionTable::ApplyAccess(const runtime::ListenerEntry& entry, Tick now) {
  ListenerBook& book = listeners_[Raw(entry.id)];
  const auto& access = entry.access;
  const bool same = book.access && access && *book.access == *access;
  book.access = access;
  if (same || !access || book.count == 0) return;
  EndIf(
      [&](SessionIndex i) {
        const FlowKey& key = sessions_[i].key;
        return key.listener == entry.id && !access->Allows(key.client.ip);
      },
      now);
}

void SessionTable::ApplyPeers(const runtime::Snapshot& snapshot, Tick now) {
  if (peers_.size() < snapshot.peers.size()) peers_.resize(snapshot.peers.size());
  books_.BeginNaming();
  for (std::uint32_t id = 0; id < snapshot.peers.size(); ++id) {
    const runtime::PeerEntry& peer = snapshot.peers[id];
    if (!peer.present) continue;
    books_.Name(BookAddress(peer), pools_[peer.address.ip.is_v4()]->size());
    const runtime::UpstreamId upstream = snapshot.upstreams[Raw(peer.upstream)].id;
    KnownPeer& known = peers_[id];
    if (known.address == peer.address && known.upstream == upstream) continue;
    // Who was paused for longer than ids rest may hold sessions of the id's former owner.
    if (known.address.port != 0) EndIf([&](SessionIndex i) { return Names(i, PeerId{id}); }, now);
    const auto ip = Words(peer.address.ip);
    const std::array<std::uint64_t, 3> words = {
        ip[0], ip[1], std::uint64_t{peer.address.scope} << 16 | peer.address.port};
    known = {peer.address, upstream, SipHash13(secret_, words)};
  }
  books_.EndNaming(now);
}

SessionIndex SessionTable::Find(const FlowKey& key, PeerId peer) const noexcept {
  const config::SocketAddress& address = peers_[Raw(peer)].address;
  const auto same = [&](SessionIndex i) {
    const PeerId named = sessions_[i].peer;
    return (named == peer || peers_[Raw(named)].address == address) && sessions_[i].key == key;
  };
  return index_.Find(SessionHash(key, peer), EntryKind::kSession, same);
}

PortPool& SessionTable::PoolOf(const Session& session) noexcept {
  return *pools_[LeasesOf(session).v4 ? 1 : 0];
}

void SessionTable::OnClient(SessionIndex index, PeerId peer, Tick now) noexcept {
  Session& session = sessions_[index];
  session.peer = peer;
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
  index_.Erase(SessionHash(session.key, session.peer), EntryKind::kSession, index);
  DropAllFlows(index);
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
