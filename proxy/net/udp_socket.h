// UDP sockets: how listeners, pool and probe sockets are opened, and sockaddr's translation. System
// calls, no policy.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"
#include "proxy/config/address.h"

namespace stevedore::net {

using config::IpAddress;
using config::SocketAddress;

// Asked for on listeners, and to receive on pool sockets: at the default of 208 KiB a burst of 250
// small datagrams is lost.
inline constexpr int kBufferBytes = 4 << 20;

// Asked for as send buffer of a pool socket; Linux grants twice as much. That is more than a
// neighbour that does not answer may hold back (unres_qlen_bytes, by default this value), so that
// one dead peer does not fill a socket that serves others; and not much more, since what a slow
// path holds is late.
inline constexpr int kPoolSendBytes = 212'992;

// Descriptors below RLIMIT_NOFILE that no socket of this file takes, and none of the pool: the
// config, the status file and connections of the HTTP endpoint need some whatever happens, and so
// do listeners that come. Where the limit is below 512: a quarter of it, and half of it.
inline constexpr unsigned kKeptDescriptors = 128;
inline constexpr unsigned kKeptFromPool = 256;

// One listening socket per worker on `address`, all in one SO_REUSEPORT group. The first binds
// without SO_REUSEPORT, so that a port held by anybody else is kConflict and not a silent half.
// "::" takes both families, or IPv4 alone on a machine without IPv6. Non-blocking; wildcard binds
// tell the address that a datagram came to (PKTINFO). Port 0: one that the kernel picks, the same
// for all.
Result<std::vector<UniqueFd>> OpenListenerGroup(const SocketAddress& address, unsigned count);

// A socket of the upstream pool for peers of one family: all local addresses, a port that the
// kernel picks, ICMP errors queued (IP_RECVERR). kUnavailable when no port or descriptor is left.
Result<UniqueFd> OpenPoolSocket(bool v4);

// A socket connected to `peer`, ICMP errors queued: what probes use.
Result<UniqueFd> OpenConnected(const SocketAddress& peer);

// AF_INET or AF_INET6.
int Family(int fd) noexcept;
std::uint16_t LocalPort(int fd) noexcept;
// Bytes of the receive buffer that the kernel granted (SO_RCVBUF, twice what was asked for when all
// was).
int ReceiveBuffer(int fd) noexcept;
// Datagrams that the kernel dropped on this socket since it was opened (SO_MEMINFO): a full buffer,
// a bad checksum.
std::uint32_t KernelDrops(int fd) noexcept;

// Writes `address` for a socket of `family` (IPv4 as ::ffff:a.b.c.d on AF_INET6); the length.
socklen_t ToSockaddr(const SocketAddress& address, int family, sockaddr_storage& out) noexcept;
SocketAddress FromSockaddr(const sockaddr_storage& in) noexcept;

}  // namespace stevedore::net
