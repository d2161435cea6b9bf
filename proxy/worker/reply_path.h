// ReplyPath: a datagram's way back from a peer to the client whose session holds the port it came
// to. Replies of many sockets are gathered, so that the sessions of all are on their way into the
// cache before the first is looked at. noexcept, no allocation, no lock, as packet_path.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "proxy/net/recv_batch.h"
#include "proxy/net/send_batch.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/session/session_table.h"

namespace stevedore::worker {

// Thread: one, its worker's. Lifetime: `sessions` outlives it.
class ReplyPath {
 public:
  ReplyPath(unsigned worker, session::SessionTable& sessions, bool segments)
      : worker_(worker), sessions_(sessions), out_(segments) {}

  // REQUIRES: `snapshot` outlives the next Apply().
  void Apply(const runtime::Snapshot& snapshot) { snapshot_ = &snapshot; }

  // Takes what one pool socket holds, up to `budget` datagrams. True when it was read to its end.
  // Replies are looked at and sent when the batch is full, and by Flush(): before a session may
  // end.
  bool Receive(const session::PortPool& pool, std::uint32_t port_slot, unsigned budget,
               session::Tick now) noexcept;
  // Takes one datagram at the most: cheaper where no second is expected.
  void ReceiveOne(const session::PortPool& pool, std::uint32_t port_slot,
                  session::Tick now) noexcept;
  void Flush() noexcept;

  // Takes the ICMP errors queued on a pool socket and notes each with the health of the peer that
  // it is about, if a session still holds that port towards it. `now_nanos` is monotonic.
  void TakeErrors(const session::PortPool& pool, std::uint32_t port_slot,
                  std::int64_t now_nanos) noexcept;

 private:
  // Of a slot of in_: where it came to, and the session that has leased that towards its source.
  struct Gathered {
    const session::PortPool* pool;
    std::uint32_t port_slot;
    config::SocketAddress source;
    session::SessionIndex session;
  };
  void Gather(const session::PortPool& pool, std::uint32_t port_slot, unsigned count) noexcept;
  void FindSessions() noexcept;
  void Deliver(session::SessionIndex index, const net::Datagram& datagram) noexcept;
  // Sends what is queued; slots stay as they are.
  void Send() noexcept;

  const unsigned worker_;
  session::SessionTable& sessions_;
  const runtime::Snapshot* snapshot_ = nullptr;
  net::RecvBatch in_;
  unsigned filled_ = 0;  // slots of in_ that hold what is not sent yet
  session::Tick now_ = 0;
  std::array<Gathered, net::RecvBatch::kSlots> gathered_;
  net::SendBatch out_;
  std::array<runtime::ListenerCounters*, net::SendBatch::kItems> owners_{};
  std::array<std::size_t, net::SendBatch::kItems> sizes_{};
};

}  // namespace stevedore::worker
