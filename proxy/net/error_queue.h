// The error queue of a UDP socket: ICMP messages about datagrams that it sent, with the destination
// that they quote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "proxy/config/address.h"

namespace stevedore::net {

struct SocketError {
  int error = 0;                      // ECONNREFUSED, EHOSTUNREACH, ...
  config::SocketAddress destination;  // of the datagram that caused it
};

// Takes one queued error; nothing when the queue is empty. Never blocks. REQUIRES: IP_RECVERR or
// IPV6_RECVERR set.
std::optional<SocketError> TakeError(int fd) noexcept;

}  // namespace stevedore::net
