// PacketPath: a datagram's way from a listener to a peer: check, rule, peer, session, send.
// noexcept throughout; no allocation for existing sessions, no lock, no clock call, no log line: it
// counts, and others tell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "proxy/net/recv_batch.h"
#include "proxy/net/send_batch.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/session/key_table.h"
#include "proxy/session/own_ports.h"
#include "proxy/session/session_table.h"
#include "proxy/worker/client_guard.h"

namespace stevedore::worker {

// Thread: one, its worker's. Lifetime: everything passed to the constructor outlives it.
class PacketPath {
 public:
  PacketPath(unsigned worker, session::SessionTable& sessions, session::KeyTable& keys,
             const session::OwnPorts& own_ports, bool segments);

  // REQUIRES: `snapshot` outlives the next Apply(); sessions.Apply() saw it first.
  void Apply(const runtime::Snapshot& snapshot);
  // See ClientGuard.
  void SetTime(Nanos now) noexcept { guard_.SetTime(now); }

  // Forwards what `count` slots of one listener's batch hold. All are sent, or counted as dropped,
  // when it returns.
  void Forward(const runtime::ListenerEntry& listener, const net::RecvBatch& batch, unsigned count,
               session::Tick now) noexcept;

 private:
  // A datagram on its way, as the send batch numbers it.
  struct Sending {
    std::span<const std::uint8_t> bytes;  // in the receive batch
    session::SessionIndex session;
    runtime::PeerId peer;
    runtime::UpstreamIndex upstream;
    std::uint8_t slot;  // of the receive batch
    std::uint8_t tries;
    std::uint8_t resends;
  };
  // Where a datagram goes, or why not.
  struct Choice {
    session::SessionIndex session = session::kNoSession;
    runtime::PeerId peer = runtime::kNoPeerId;
    runtime::UpDrop drop = runtime::UpDrop::kNoPeer;
  };

  // A datagram that a rule has let in, on its way to a session.
  struct Admitted {
    net::Datagram datagram;
    session::FlowKey key;
    std::uint64_t flow_hash = 0;  // where its upstream keeps Flows
    runtime::UpstreamIndex upstream{0};
    std::uint8_t slot = 0;
    bool same_flow = false;  // as the datagram before it: their Flow is the same one
  };

  // First pass: checks and rules; what is let in is added to admitted_, its Flow on the way into
  // the cache.
  void Admit(const runtime::ListenerEntry& listener, const net::Datagram& datagram,
             unsigned slot) noexcept;
  // Second pass: sessions, peers and sending, for all that was admitted.
  void ForwardAdmitted(const runtime::ListenerEntry& listener,
                       const net::RecvBatch& batch) noexcept;
  // The session and the peer; `before` is what the datagram before it got.
  Choice Choose(const runtime::ListenerEntry& listener, const Admitted& admitted,
                const Choice& before) noexcept;
  Choice SessionTo(const session::FlowKey& key, runtime::PeerId peer) noexcept;
  // The peer that the key's conversation is on and may stay on, or kNoPeerId.
  runtime::PeerId PickKept(const runtime::ListenerEntry& listener, runtime::UpstreamIndex upstream,
                           std::uint64_t key_hash) noexcept;
  runtime::PeerId Pick(const runtime::UpstreamEntry& upstream, std::uint64_t hash,
                       std::uint32_t attempt) noexcept;
  void Enqueue(const Sending& sending, const net::Datagram& datagram) noexcept;
  void Flush(const runtime::ListenerEntry& listener, const net::RecvBatch& batch) noexcept;
  // Decides about a datagram that could not be sent: true when it was enqueued again.
  bool Retry(const runtime::ListenerEntry& listener, const net::Datagram& datagram, Sending sending,
             int error) noexcept;

  const unsigned worker_;
  session::SessionTable& sessions_;
  session::KeyTable& keys_;
  const session::OwnPorts& own_ports_;
  ClientGuard guard_;
  const runtime::Snapshot* snapshot_ = nullptr;
  std::vector<std::uint64_t> turns_;  // round robin position, by UpstreamId: kept over reloads
  net::SendBatch out_;
  std::array<Sending, net::SendBatch::kItems> sending_{};
  std::array<Admitted, net::RecvBatch::kSlots> admitted_{};
  unsigned admitted_count_ = 0;
  session::Tick now_ = 0;
};

}  // namespace stevedore::worker
