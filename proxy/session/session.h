// Session: one client's traffic through one listener to one peer, an address and port that several
// upstreams may name, with the upstream port it has leased.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "proxy/config/address.h"
#include "proxy/runtime/ids.h"
#include "proxy/session/session_clock.h"

namespace stevedore::session {

// Position in the session table; good until that session ends.
using SessionIndex = std::uint32_t;
inline constexpr SessionIndex kNoSession = 0x7fffffffu;

// How far a session has proven itself: nothing came back yet; a reply came; the client answered a
// reply, so that its address is not forged.
enum class SessionClass : std::uint16_t { kEmbryonic, kReplied, kAssured };
inline constexpr unsigned kEvictableClasses = 2;  // assured sessions are never evicted

// As ==, which calls memcmp. For the packet path.
inline bool Same(const config::SocketAddress& a, const config::SocketAddress& b) noexcept {
  std::array<std::uint64_t, 2> x;
  std::array<std::uint64_t, 2> y;
  std::memcpy(x.data(), a.ip.bytes.data(), sizeof x);
  std::memcpy(y.data(), b.ip.bytes.data(), sizeof y);
  return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0 && a.port == b.port && a.scope == b.scope;
}

// Who is talking where: what sessions and Flow entries are found by.
struct FlowKey {
  config::SocketAddress client;
  config::IpAddress
      local;  // the address that the client used; unspecified where the bind is concrete
  runtime::ListenerId listener{0};
  bool operator==(const FlowKey& other) const noexcept {
    return listener == other.listener && Same(client, other.client) &&
           Same({local, 0, 0}, {other.local, 0, 0});
  }
};

// Links of one doubly linked list through the table.
struct Links {
  SessionIndex next = kNoSession;
  SessionIndex previous = kNoSession;
};

struct Session {
  FlowKey key;
  runtime::PeerId peer{0};                    // as the upstream names it that used the session last
  std::uint32_t book = 0;                     // of the leases towards its peer
  runtime::PeerId flow = runtime::kNoPeerId;  // as the upstream names it whose Flow is kept here
  std::uint32_t port_slot = 0;                // of the pool socket
  Tick last_client = 0;
  Tick last_reply = 0;
  Links by_deadline;
  std::array<Links, 2> by_age;        // unassured sessions of its listener, of its destination
  std::uint16_t to_port = 0;          // of the peer: its own, or the one that it answered from
  std::uint16_t wheel_slot : 10 = 0;  // the wheel has 1 024
  SessionClass session_class : 2 = SessionClass::kEmbryonic;
  bool live : 1 = false;
  bool counted : 1 = false;     // among its source's sessions: the cap may come and go by reload
  bool more_flows : 1 = false;  // other upstreams keep their Flow here, too
  bool bounded : 1 = false;     // what may go to the client is counted, until it is assured
};
static_assert(sizeof(Session) <= 96, "with what refers to it 128 bytes: flow_index.h");

}  // namespace stevedore::session
