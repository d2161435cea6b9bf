#include "proxy/net/error_queue.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "proxy/net/udp_socket.h"

namespace stevedore::net {

std::optional<SocketError> TakeError(int fd) noexcept {
  std::uint8_t payload[1];  // of the quoted datagram nothing is needed
  alignas(cmsghdr) std::uint8_t control[512];
  sockaddr_storage name{};
  iovec vector{payload, sizeof payload};
  msghdr header{};
  header.msg_name = &name;
  header.msg_namelen = sizeof name;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  if (::recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  SocketError result;
  result.destination = FromSockaddr(name);
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    const bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
    const bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
    if (!v4 && !v6) continue;
    sock_extended_err extended;
    std::memcpy(&extended, CMSG_DATA(c), sizeof extended);
    result.error = static_cast<int>(extended.ee_errno);
  }
  return result;
}

}  // namespace stevedore::net
