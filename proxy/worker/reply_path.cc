#include "proxy/worker/reply_path.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "proxy/net/error_queue.h"

namespace stevedore::worker {

using runtime::DownDrop;
using runtime::Raw;

bool ReplyPath::Receive(const session::PortPool& pool, std::uint32_t port_slot, unsigned budget,
                        session::Tick now) noexcept {
  now_ = now;
  for (unsigned taken = 0; taken < budget;) {
    const int n = in_.Receive(pool.fd(port_slot), filled_);
    if (n == 0) return true;
    // A pending ICMP error is told once instead of a datagram; its details are in the error queue.
    if (n < 0) {
      ++taken;
      continue;
    }
    const auto count = static_cast<unsigned>(n);
    const bool short_read = count < net::RecvBatch::kSlots - filled_;
    Gather(pool, port_slot, count);
    taken += count;
    if (short_read) return true;
  }
  return false;
}

void ReplyPath::ReceiveOne(const session::PortPool& pool, std::uint32_t port_slot,
                           session::Tick now) noexcept {
  now_ = now;
  if (in_.Receive(pool.fd(port_slot), filled_, 1) == 1) Gather(pool, port_slot, 1);
}

void ReplyPath::Gather(const session::PortPool& pool, std::uint32_t port_slot,
                       unsigned count) noexcept {
  for (unsigned i = filled_; i < filled_ + count; ++i) {
    gathered_[i].pool = &pool;
    gathered_[i].port_slot = port_slot;
  }
  filled_ += count;
  if (filled_ == net::RecvBatch::kSlots) Flush();
}

void ReplyPath::Flush() noexcept {
  FindSessions();
  for (unsigned slot = 0; slot < filled_; ++slot) {
    in_.Each(slot, [&](const net::Datagram& datagram) {
      if (out_.size() == net::SendBatch::kItems) Send();
      Deliver(gathered_[slot].session, datagram);
    });
  }
  Send();
  filled_ = 0;
}

void ReplyPath::FindSessions() noexcept {
  for (unsigned slot = 0; slot < filled_; ++slot) {
    Gathered& reply = gathered_[slot];
    reply.source = in_.Source(slot);
    if (filled_ > 1) sessions_.PrefetchReply(reply.pool->v4(), reply.port_slot, reply.source);
  }
  for (unsigned slot = 0; slot < filled_; ++slot) {
    Gathered& reply = gathered_[slot];
    reply.session = sessions_.FindReply(reply.pool->v4(), reply.port_slot, reply.source);
    sessions_.PrefetchSession(reply.session);
  }
}

void ReplyPath::Deliver(session::SessionIndex index, const net::Datagram& datagram) noexcept {
  const std::size_t size = datagram.bytes.size();
  const auto stray = [&] {
    runtime::ListenerCounters& nowhere = snapshot_->nowhere->of(worker_);
    nowhere.upstream_in.Add(size);
    nowhere.Drop(DownDrop::kUnknownReply);
  };
  if (index == session::kNoSession) return stray();
  const session::Session& session = sessions_[index];
  const std::uint32_t at = snapshot_->listener_by_id[Raw(session.key.listener)];
  const runtime::ListenerEntry& listener = snapshot_->listeners[at];
  const runtime::PeerEntry& peer = snapshot_->peers[Raw(session.peer)];
  const bool follows = peer.present && snapshot_->upstreams[Raw(peer.upstream)].follow_reply_port;
  if (!listener.sockets || (datagram.source.port != session.to_port && !follows)) return stray();
  if (follows) sessions_.Follow(index, datagram.source.port);
  runtime::ListenerCounters& counters = listener.stats->of(worker_);
  counters.upstream_in.Add(size);
  if (peer.present) snapshot_->upstreams[Raw(peer.upstream)].stats->of(worker_).in.Add(size);
  if (size > listener.max_datagram_bytes) return counters.Drop(DownDrop::kTruncated);
  if (!sessions_.AdmitReply(index, size)) return counters.Drop(DownDrop::kReplyLimit);
  sessions_.OnReply(index, now_);
  const unsigned item = out_.Add(listener.sockets->fds[worker_].get(), listener.sockets->family,
                                 session.key.client, session.key.local, datagram.bytes);
  owners_[item] = &counters;
  sizes_[item] = size;
}

void ReplyPath::Send() noexcept {
  const unsigned count = out_.size();
  out_.Flush();
  for (unsigned item = 0; item < count; ++item) {
    const int error = out_.error(item);
    if (error == 0) {
      owners_[item]->client_out.Add(sizes_[item]);
    } else {
      const bool blocked = error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
      owners_[item]->Drop(blocked ? DownDrop::kSendBlocked : DownDrop::kSendError);
    }
  }
}

void ReplyPath::TakeErrors(const session::PortPool& pool, std::uint32_t port_slot,
                           std::int64_t now_nanos) noexcept {
  for (unsigned taken = 0; taken < net::RecvBatch::kSlots; ++taken) {
    const auto error = net::TakeError(pool.fd(port_slot));
    if (!error) return;
    const session::SessionIndex index =
        sessions_.FindReply(pool.v4(), port_slot, error->destination);
    if (index == session::kNoSession) continue;
    const bool host = error->error == EHOSTUNREACH || error->error == ENETUNREACH;
    const runtime::PeerEntry& peer = snapshot_->peers[Raw(sessions_[index].peer)];
    if (!peer.present) continue;
    if (host || error->error == ECONNREFUSED) peer.health->unreachable_at.store(now_nanos);
    if (host) peer.health->host_unreachable_at.store(now_nanos);
  }
}

}  // namespace stevedore::worker
