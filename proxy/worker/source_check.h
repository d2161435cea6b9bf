// SourceCheck: datagrams whose source cannot be a client: forged, or our own, which would loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proxy/config/address.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/session/own_ports.h"

namespace stevedore::worker {

// True for source port 0; an unspecified, multicast or broadcast address; an own listener's or pool
// socket's address and port; a peer's address and port (a reply to it would be answered, and so
// on); and an address of the published Service with the port of a listener.
// `local` is the address that the datagram came to (unspecified when not known). Packet path: a few
// compares, a search only when the port is one of ours.
bool IsBadSource(const config::SocketAddress& source, const config::IpAddress& local,
                 const runtime::Snapshot& snapshot, const session::OwnPorts& own_ports) noexcept;

}  // namespace stevedore::worker
