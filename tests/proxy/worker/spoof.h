// Datagrams with a forged IPv4 source, by a raw socket: needs CAP_NET_RAW.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#include <array>
#include <cstring>

#include "tests/proxy/net/sockets.h"

namespace stevedore::worker {

// False when raw sockets are not allowed, or the send failed.
inline bool SendForged(const config::SocketAddress& from, const config::SocketAddress& to) {
  const UniqueFd raw(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!raw) return false;
  struct {
    iphdr ip{};
    udphdr udp{};
    std::array<char, 4> payload{'e', 'v', 'i', 'l'};
  } packet;
  packet.ip.version = 4;
  packet.ip.ihl = 5;
  packet.ip.ttl = 64;
  packet.ip.protocol = IPPROTO_UDP;
  packet.ip.tot_len = htons(sizeof packet);
  std::memcpy(&packet.ip.saddr, from.ip.bytes.data() + 12, 4);
  std::memcpy(&packet.ip.daddr, to.ip.bytes.data() + 12, 4);
  packet.udp.source = htons(from.port);
  packet.udp.dest = htons(to.port);
  packet.udp.len = htons(sizeof packet - sizeof packet.ip);
  sockaddr_storage storage{};
  const socklen_t length = net::ToSockaddr(to, AF_INET, storage);
  return ::sendto(raw.get(), &packet, sizeof packet, 0, reinterpret_cast<const sockaddr*>(&storage),
                  length) == sizeof packet;
}

}  // namespace stevedore::worker
