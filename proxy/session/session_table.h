// SessionTable: the sessions of one worker: found by who talks where, by Flow, or by the reply's
// port and peer; created and evicted within limits; expired by the wheel. Everything about a
// session's life stands here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "proxy/runtime/snapshot.h"
#include "proxy/session/expiry_wheel.h"
#include "proxy/session/flow_index.h"
#include "proxy/session/lease_books.h"
#include "proxy/session/port_pool.h"
#include "proxy/session/siphash.h"

namespace stevedore::session {

// Thread: one. No allocation when an existing session is found; creating one allocates only where a
// new high-water mark is reached.
class SessionTable {
 public:
  // Lifetime: the pools outlive the table. False by ok() when the memory cannot be reserved.
  SessionTable(std::uint32_t capacity, unsigned worker, PortPool& v4, PortPool& v6, Tick now);
  bool ok() const noexcept {
    return static_cast<bool>(sessions_) && static_cast<bool>(index_) &&
           static_cast<bool>(reply_budgets_);
  }

  // Takes over what a new snapshot says of listeners and peers; sessions of listeners that are gone
  // end, and of clients that a listener no longer lets in. REQUIRES: `snapshot` outlives the next
  // Apply().
  void Apply(const runtime::Snapshot& snapshot, Tick now);

  // The key's session to the address and port of `peer`, or kNoSession.
  SessionIndex Find(const FlowKey& key, runtime::PeerId peer) const noexcept;
  // Where the key's Flow through `upstream` is kept: the session, or kNoSession, and its peer as
  // that upstream names it.
  struct Kept {
    SessionIndex session = kNoSession;
    runtime::PeerId peer = runtime::kNoPeerId;
  };
  Kept FindFlow(const FlowKey& key, runtime::UpstreamId upstream) const noexcept {
    return FindFlow(key, upstream, FlowHash(key, upstream));
  }
  // For many keys, whose memory is slow to reach: hash and prefetch all, then the sessions of all,
  // then find each (Chen, Ailamaki, Gibbons and Mowry, "Improving hash join performance through
  // prefetching", ICDE 2004, group prefetching).
  std::uint64_t FlowHash(const FlowKey& key, runtime::UpstreamId upstream) const noexcept;
  // Always inlined: gcc 12 takes a function that only prefetches for one without effect, and
  // removes its calls.
  [[gnu::always_inline]] void PrefetchFlow(std::uint64_t hash) const noexcept {
    index_.Prefetch(hash);
  }
  [[gnu::always_inline]] void PrefetchFlowsSession(std::uint64_t hash) const noexcept {
    PrefetchSession(index_.Guess(hash, EntryKind::kFlow));
  }
  [[gnu::always_inline]] void PrefetchSession(SessionIndex index) const noexcept {
    if (index == kNoSession) return;
    __builtin_prefetch(&sessions_[index]);
    __builtin_prefetch(reinterpret_cast<const char*>(&sessions_[index]) + 64);
  }
  Kept FindFlow(const FlowKey& key, runtime::UpstreamId upstream,
                std::uint64_t hash) const noexcept;
  // The session that has leased `port_slot` of the pool of that family towards `source`, or towards
  // every port there, or kNoSession.
  SessionIndex FindReply(bool v4, std::uint32_t port_slot,
                         const config::SocketAddress& source) const noexcept {
    return books_.Holder(v4, port_slot, source);
  }
  // What FindReply() reads, for many of them.
  [[gnu::always_inline]] void PrefetchReply(bool v4, std::uint32_t port_slot,
                                            const config::SocketAddress& source) const noexcept {
    __builtin_prefetch(books_.Place(v4, port_slot, source));
  }

  // A new session, or the reason why none can be had. Evicts unassured sessions that hold what ran
  // out: oldest embryonic first, then oldest replied. REQUIRES: Find() says there is none; the
  // listener and peer are in the snapshot.
  std::variant<SessionIndex, runtime::UpDrop> Create(const FlowKey& key,
                                                     const runtime::PeerEntry& entry,
                                                     runtime::PeerId peer, Tick now) noexcept;
  // Keeps the Flow of the key through the upstream of `peer` in this session from now on. Several
  // upstreams may keep theirs in one, while the table's Flows are no more than its sessions can be;
  // then a session gives up one for another. REQUIRES: `peer` names the session's address.
  void SetFlow(SessionIndex index, runtime::PeerId peer) noexcept;

  // A datagram of the client, as the upstream of `peer` sent it on, or of the peer went through:
  // time and class move on.
  void OnClient(SessionIndex index, runtime::PeerId peer, Tick now) noexcept;
  void OnReply(SessionIndex index, Tick now) noexcept;

  // Bytes came from the client: replies to one that is not assured may be so much longer.
  void OnClientBytes(SessionIndex index, std::size_t size) noexcept {
    if (sessions_[index].bounded) [[unlikely]]
      AddReplyBudget(index, size);
  }
  // Whether a reply of that size may go to the client; then it counts as sent.
  bool AdmitReply(SessionIndex index, std::size_t size) noexcept {
    return !sessions_[index].bounded || TakeReplyBudget(index, size);
  }

  // Ends the sessions whose time is over. Call when the sockets have been read to their end.
  void Expire(Tick now) noexcept;
  // Ends the sessions on a socket whose port a listener wants, and closes it.
  void RetirePort(std::uint16_t port, Tick now) noexcept;

  const Session& operator[](SessionIndex index) const noexcept { return sessions_[index]; }
  // The pool that the session's port belongs to.
  PortPool& PoolOf(const Session& session) noexcept;
  // Where its datagrams go.
  config::SocketAddress AddressOf(const Session& session) const noexcept {
    const config::SocketAddress& address = books_[session.book].address;
    return {address.ip, session.to_port, address.scope};
  }
  // From now on its datagrams go to this port of its peer. REQUIRES: its lease is towards every
  // port there.
  void Follow(SessionIndex index, std::uint16_t port) noexcept { sessions_[index].to_port = port; }
  std::uint32_t size() const noexcept { return live_; }
  std::uint32_t capacity() const noexcept { return capacity_; }

 private:
  // What a listener holds here.
  struct ListenerBook {
    runtime::SessionLimits limits;
    runtime::ListenerCounters* counters = nullptr;  // null: not in the snapshot
    std::uint32_t count = 0;
    std::array<SessionList, 2> by_age;                  // its embryonic and its replied sessions
    std::shared_ptr<const runtime::AccessList> access;  // as its sessions have passed it
  };

  // What the peer's leases are towards: its address and port, or every port there.
  static config::SocketAddress BookAddress(const runtime::PeerEntry& peer) noexcept {
    return {peer.address.ip, peer.whole_host ? std::uint16_t{0} : peer.address.port};
  }
  // What a PeerId stands for, also after its removal: sessions may still hold it.
  struct KnownPeer {
    config::SocketAddress address;  // port 0 = never seen
    runtime::UpstreamId upstream{0};
    std::uint64_t hash = 0;  // of the address, keyed
  };

  std::uint64_t Hash(const FlowKey& key, EntryKind kind, std::uint64_t whom) const noexcept;
  std::uint64_t SessionHash(const FlowKey& key, runtime::PeerId peer) const noexcept;
  void ApplyListeners(const runtime::Snapshot& snapshot, Tick now);
  void ApplyAccess(const runtime::ListenerEntry& entry, Tick now);
  void AddReplyBudget(SessionIndex index, std::size_t size) noexcept;
  bool TakeReplyBudget(SessionIndex index, std::size_t size) noexcept;
  void ApplyPeers(const runtime::Snapshot& snapshot, Tick now);
  // Whether the session names its peer, or keeps a Flow to it, by this id.
  bool Names(SessionIndex index, runtime::PeerId peer) const noexcept;
  // The peer of `upstream` whose Flow is kept in the session, or kNoPeerId.
  runtime::PeerId FlowPeer(SessionIndex index, runtime::UpstreamId upstream) const noexcept;
  void DropFlow(SessionIndex index, runtime::PeerId peer) noexcept;
  void DropAllFlows(SessionIndex index) noexcept;
  ListenerBook& BookOf(const Session& s) { return listeners_[runtime::Raw(s.key.listener)]; }
  LeaseBook& LeasesOf(const Session& s) { return books_[s.book]; }
  Tick Deadline(const Session& session) const noexcept;
  void SetClass(SessionIndex index, SessionClass to) noexcept;
  void Link(SessionIndex index) noexcept;
  void Unlink(SessionIndex index) noexcept;
  // Files the session in the wheel anew. REQUIRES: it is filed.
  void File(SessionIndex index) noexcept;
  // Ends the sessions for which `which(index)` holds: a walk through the table, for reloads.
  template <class Which>
  void EndIf(Which which, Tick now) noexcept {
    for (SessionIndex i = 0; i < never_used_; ++i)
      if (sessions_[i].live && which(i)) End(i, runtime::SessionEnd::kRemoved, now);
  }
  void End(SessionIndex index, runtime::SessionEnd why, Tick now) noexcept;
  bool EvictOldest(const std::array<SessionList, 2>& by_age, Tick now) noexcept;

  // The steps of Create(); each gives the reason when its resource cannot be had.
  std::optional<runtime::UpDrop> AdmitToListener(const FlowKey& key, Tick now) noexcept;
  bool AdmitToTable(Tick now) noexcept;
  std::optional<std::uint32_t> LeasePort(LeaseBook& book, Tick now) noexcept;
  std::uint64_t SourceKey(const FlowKey& key) const noexcept;

  const std::uint32_t capacity_;
  const unsigned worker_;
  std::array<PortPool*, 2> pools_;  // v6, v4: by LeaseBook::v4
  LazyArray<Session> sessions_;
  LazyArray<std::uint64_t>
      reply_budgets_;  // bytes that may still go to the client; of who is bounded
  FlowIndex index_;
  SipKey secret_ = SipKey::Random();
  std::vector<SessionIndex> free_;  // returned; beyond them never_used_ on
  SessionIndex never_used_ = 0;
  std::uint32_t live_ = 0;
  std::vector<ListenerBook> listeners_;  // by ListenerId
  LeaseBooks books_;
  std::vector<KnownPeer> peers_;  // by PeerId
  std::uint32_t flows_ = 0;
  // Flows of a session beyond its first: rare, where upstreams share a peer.
  std::unordered_map<SessionIndex, std::vector<runtime::PeerId>> more_flows_;
  std::unordered_map<std::uint64_t, std::uint32_t> per_source_;  // where a listener caps it
  ExpiryWheel wheel_;
};

}  // namespace stevedore::session
