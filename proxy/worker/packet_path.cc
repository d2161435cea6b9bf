#include "proxy/worker/packet_path.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "proxy/runtime/balancer.h"
#include "proxy/worker/source_check.h"

namespace stevedore::worker {

using config::Affinity;
using runtime::kDenyIndex;
using runtime::kNoPeerId;
using runtime::ListenerEntry;
using runtime::PeerId;
using runtime::Raw;
using runtime::RuleMatcher;
using runtime::UpDrop;
using runtime::UpstreamEntry;
using runtime::UpstreamIndex;
using session::kNoSession;

namespace {

// An ICMP error about an earlier datagram, perhaps to another peer, fails the send behind it. Only
// sending again tells whose it was; beside a dead peer several may stand in the way.
constexpr std::uint8_t kMaxResends = 4;

// How often another peer is asked for when the first one is unreachable.
constexpr std::uint32_t kMaxPicks = 16;

}  // namespace

PacketPath::PacketPath(unsigned worker, session::SessionTable& sessions, session::KeyTable& keys,
                       const session::OwnPorts& own_ports, bool segments)
    : worker_(worker), sessions_(sessions), keys_(keys), own_ports_(own_ports), out_(segments) {}

void PacketPath::Apply(const runtime::Snapshot& snapshot) {
  snapshot_ = &snapshot;
  guard_.Apply(snapshot);
  // Workers start at different turns, so that few datagrams do not all go to the first peer.
  if (turns_.size() < snapshot.upstream_limit) turns_.resize(snapshot.upstream_limit, worker_);
}

void PacketPath::Forward(const ListenerEntry& listener, const net::RecvBatch& batch, unsigned count,
                         session::Tick now) noexcept {
  now_ = now;
  for (unsigned slot = 0; slot < count; ++slot) {
    batch.Each(slot, [&](const net::Datagram& datagram) {
      if (admitted_count_ == admitted_.size()) ForwardAdmitted(listener, batch);
      Admit(listener, datagram, slot);
    });
  }
  ForwardAdmitted(listener, batch);
}

void PacketPath::Admit(const ListenerEntry& listener, const net::Datagram& datagram,
                       unsigned slot) noexcept {
  runtime::ListenerCounters& counters = listener.stats->of(worker_);
  counters.client_in.Add(datagram.bytes.size());
  if (datagram.bytes.size() > listener.max_datagram_bytes) return counters.Drop(UpDrop::kTruncated);
  if (IsBadSource(datagram.source, datagram.local, *snapshot_, own_ports_))
    return counters.Drop(UpDrop::kBadSource);
  if (listener.guarded) [[unlikely]] {
    if (const auto refused = guard_.Refuses(listener, datagram.source.ip))
      return counters.Drop(*refused);
  }

  UpstreamIndex upstream = listener.default_upstream.value_or(kDenyIndex);
  const std::uint32_t rule = listener.matcher.Find(datagram.bytes);
  if (rule != RuleMatcher::kNoRule) {
    const runtime::RuleTarget& target = listener.rules[rule];
    target.stats->of(worker_).matches.Add();
    if (target.upstream == kDenyIndex) return counters.Drop(UpDrop::kDenied);
    upstream = target.upstream;
  } else if (upstream == kDenyIndex) {
    return counters.Drop(UpDrop::kNoMatch);
  }

  const Admitted* const before = admitted_count_ == 0 ? nullptr : &admitted_[admitted_count_ - 1];
  Admitted& admitted = admitted_[admitted_count_++];
  admitted = {datagram, {}, 0, upstream, static_cast<std::uint8_t>(slot)};
  admitted.key.client = datagram.source;
  admitted.key.listener = listener.id;
  if (listener.wildcard) admitted.key.local = datagram.local;
  const UpstreamEntry& entry = snapshot_->upstreams[Raw(upstream)];
  if (entry.affinity != Affinity::kFlow) return;
  // Bursts of one client: one search is enough for all of them.
  if (before != nullptr && before->upstream == upstream && before->key == admitted.key) {
    admitted.flow_hash = before->flow_hash;
    admitted.same_flow = true;
    return;
  }
  admitted.flow_hash = sessions_.FlowHash(admitted.key, entry.id);
  sessions_.PrefetchFlow(admitted.flow_hash);
}

void PacketPath::ForwardAdmitted(const ListenerEntry& listener,
                                 const net::RecvBatch& batch) noexcept {
  const unsigned count = std::exchange(admitted_count_, 0);
  if (count > 1)
    for (unsigned i = 0; i < count; ++i) sessions_.PrefetchFlowsSession(admitted_[i].flow_hash);
  Choice choice;
  for (unsigned i = 0; i < count; ++i) {
    const Admitted& admitted = admitted_[i];
    choice = Choose(listener, admitted, choice);
    if (choice.session == kNoSession) {
      listener.stats->of(worker_).Drop(choice.drop);
      continue;
    }
    sessions_.OnClientBytes(choice.session, admitted.datagram.bytes.size());
    Enqueue({admitted.datagram.bytes, choice.session, choice.peer, admitted.upstream, admitted.slot,
             1, 0},
            admitted.datagram);
  }
  Flush(listener, batch);
}

PacketPath::Choice PacketPath::Choose(const ListenerEntry& listener, const Admitted& admitted,
                                      const Choice& before) noexcept {
  if (admitted.same_flow && before.session != kNoSession &&
      snapshot_->peers[Raw(before.peer)].keepable)
    return before;
  const UpstreamIndex index = admitted.upstream;
  const UpstreamEntry& upstream = snapshot_->upstreams[Raw(index)];
  const net::Datagram& datagram = admitted.datagram;
  const session::FlowKey& key = admitted.key;
  if (upstream.affinity == Affinity::kFlow) {
    const auto kept = sessions_.FindFlow(key, upstream.id, admitted.flow_hash);
    if (kept.session != kNoSession && snapshot_->peers[Raw(kept.peer)].keepable)
      return {kept.session, kept.peer, {}};
  }
  std::uint64_t hash = 0;
  if (upstream.key) {
    const auto found = upstream.key->Hash(datagram.bytes, datagram.source);
    if (!found) return {.drop = UpDrop::kShortKey};
    hash = *found;
  }
  const bool by_key = upstream.affinity == Affinity::kKey;
  const std::uint64_t key_hash = by_key ? keys_.Hash(upstream.id, hash) : 0;
  PeerId peer = by_key ? PickKept(listener, index, key_hash) : kNoPeerId;
  const bool remembered = peer != kNoPeerId;
  if (!remembered) peer = Pick(upstream, hash, 0);
  if (peer == kNoPeerId) return {.drop = UpDrop::kNoPeer};

  const Choice choice = SessionTo(key, peer);
  if (choice.session == kNoSession) return choice;
  if (upstream.affinity == Affinity::kFlow) sessions_.SetFlow(choice.session, peer);
  if (by_key && !remembered) {
    // Only who has proven to be reachable may push another conversation out of the table.
    const bool assured = sessions_[choice.session].session_class == session::SessionClass::kAssured;
    keys_.Store(key_hash, peer, now_ / session::kTicksPerSecond, listener.session.idle_timeout,
                assured);
  }
  return choice;
}

PeerId PacketPath::PickKept(const ListenerEntry& listener, UpstreamIndex index,
                            std::uint64_t key_hash) noexcept {
  const PeerId peer =
      keys_.Find(key_hash, now_ / session::kTicksPerSecond, listener.session.idle_timeout);
  if (peer == kNoPeerId || Raw(peer) >= snapshot_->peers.size()) return kNoPeerId;
  const runtime::PeerEntry& entry = snapshot_->peers[Raw(peer)];
  return entry.keepable && entry.upstream == index ? peer : kNoPeerId;
}

PeerId PacketPath::Pick(const UpstreamEntry& upstream, std::uint64_t hash,
                        std::uint32_t attempt) noexcept {
  return upstream.algorithm == config::Algorithm::kRoundRobin
             ? runtime::PickRoundRobin(upstream.picks, turns_[Raw(upstream.id)])
             : runtime::PickByHash(upstream.picks, hash, attempt);
}

PacketPath::Choice PacketPath::SessionTo(const session::FlowKey& key, PeerId peer) noexcept {
  const session::SessionIndex found = sessions_.Find(key, peer);
  if (found != kNoSession) return {found, peer, {}};
  const auto created = sessions_.Create(key, snapshot_->peers[Raw(peer)], peer, now_);
  if (const auto* drop = std::get_if<UpDrop>(&created)) return {.drop = *drop};
  return {std::get<session::SessionIndex>(created), peer, {}};
}

void PacketPath::Enqueue(const Sending& sending, const net::Datagram& datagram) noexcept {
  const session::Session& session = sessions_[sending.session];
  session::PortPool& pool = sessions_.PoolOf(session);
  sessions_.OnClient(sending.session, sending.peer, now_);
  const UpstreamEntry& upstream = snapshot_->upstreams[Raw(sending.upstream)];
  if (upstream.follow_reply_port && upstream.restart.Find(datagram.bytes) != RuleMatcher::kNoRule)
    sessions_.Follow(sending.session, snapshot_->peers[Raw(sending.peer)].address.port);
  const unsigned item = out_.Add(pool.fd(session.port_slot), pool.v4() ? AF_INET : AF_INET6,
                                 sessions_.AddressOf(session), config::IpAddress{}, datagram.bytes);
  sending_[item] = sending;
}

void PacketPath::Flush(const ListenerEntry& listener, const net::RecvBatch& batch) noexcept {
  runtime::ListenerCounters& counters = listener.stats->of(worker_);
  while (out_.size() != 0) {
    const unsigned count = out_.size();
    std::array<Sending, net::SendBatch::kItems> sent;
    std::copy_n(sending_.begin(), count, sent.begin());
    out_.Flush();
    for (unsigned item = 0; item < count; ++item) {
      const int error = out_.error(item);
      if (error == 0) {
        const std::size_t size = sent[item].bytes.size();
        counters.upstream_out.Add(size);
        snapshot_->upstreams[Raw(sent[item].upstream)].stats->of(worker_).out.Add(size);
        continue;
      }
      net::Datagram datagram = batch.At(sent[item].slot);
      datagram.bytes = sent[item].bytes;
      if (!Retry(listener, datagram, sent[item], error)) {
        const bool blocked = error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
        counters.Drop(blocked ? UpDrop::kSendBlocked : UpDrop::kSendError);
      }
    }
  }
}

bool PacketPath::Retry(const ListenerEntry& listener, const net::Datagram& datagram,
                       Sending sending, int error) noexcept {
  const bool unreachable = error == ENETUNREACH || error == EHOSTUNREACH;
  if (error != ECONNREFUSED && !unreachable) return false;
  // A session made later in this batch may have evicted this one and taken its place.
  const session::Session& session = sessions_[sending.session];
  if (!session.live || session.key.client != datagram.source) return false;
  if (sending.resends < kMaxResends) {
    ++sending.resends;
    Enqueue(sending, datagram);
    return true;
  }
  if (!unreachable || sending.tries >= listener.max_tries) return false;
  const UpstreamEntry& upstream = snapshot_->upstreams[Raw(sending.upstream)];
  std::uint64_t hash = 0;
  if (upstream.key) hash = upstream.key->Hash(datagram.bytes, datagram.source).value_or(0);
  PeerId peer = sending.peer;
  for (std::uint32_t attempt = sending.tries; peer == sending.peer && attempt <= kMaxPicks;
       ++attempt)
    peer = Pick(upstream, hash, attempt);
  if (peer == kNoPeerId || peer == sending.peer) return false;
  const session::FlowKey key = session.key;  // a copy: its session may be evicted for the new one
  const Choice choice = SessionTo(key, peer);
  if (choice.session == kNoSession) return false;
  sessions_.OnClientBytes(choice.session, datagram.bytes.size());
  Enqueue({datagram.bytes, choice.session, peer, sending.upstream, sending.slot,
           static_cast<std::uint8_t>(sending.tries + 1), 0},
          datagram);
  return true;
}

}  // namespace stevedore::worker
