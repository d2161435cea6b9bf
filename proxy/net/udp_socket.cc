#include "proxy/net/udp_socket.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stevedore::net {
namespace {

#ifndef IP_PMTUDISC_OMIT
constexpr int IP_PMTUDISC_OMIT = 5;  // linux/in.h; absent from glibc's header
#endif

constexpr rlim_t kSmallLimit = rlim_t{2} * kKeptFromPool;

bool Set(int fd, int level, int name, int value) noexcept {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

Error Failed(const std::string& what) {
  const int saved = errno;
  const Errc code = saved == EADDRINUSE                         ? Errc::kConflict
                    : saved == EACCES || saved == EPERM         ? Errc::kDenied
                    : saved == EADDRNOTAVAIL || saved == EINVAL ? Errc::kInvalid
                                                                : Errc::kUnavailable;
  return {code, what + ": " + std::strerror(saved)};
}

Error BindFailed(const SocketAddress& address) {
  Error error = Failed("bind " + address.ToString());
  if (error.code == Errc::kDenied && address.port < 1024)
    error.detail +=
        "; a port below 1024 needs CAP_NET_BIND_SERVICE, or another value of the sysctl "
        "net.ipv4.ip_unprivileged_port_start";
  return error;
}

// A path's MTU is not trusted from ICMP on IPv4: a forged one would make every later datagram fail.
// Fragments are left to the interface's own MTU.
void SetPathMtu(int fd, int family) noexcept {
  Set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  if (family == AF_INET6) Set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_WANT);
}

void SetReceiveBuffer(int fd) noexcept {
  if (!Set(fd, SOL_SOCKET, SO_RCVBUFFORCE, kBufferBytes))
    Set(fd, SOL_SOCKET, SO_RCVBUF, kBufferBytes);
}

// Datagrams of one sender that the kernel holds as one come as one, with the size of each told
// (RecvBatch takes them apart). A kernel before 5.0 does not know it, and nothing changes.
void Coalesce(int fd) noexcept { Set(fd, SOL_UDP, UDP_GRO, 1); }

int FamilyOf(const IpAddress& ip) noexcept { return ip.is_v4() ? AF_INET : AF_INET6; }

// `kept`: descriptors below the limit that are left free; fewer in proportion where it is small.
Result<UniqueFd> Open(int family, rlim_t kept) {
  UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return Failed("socket");
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < kSmallLimit) kept = limit.rlim_cur * kept / kSmallLimit;
  // The kernel gives the lowest free number: a high one says that as many are taken.
  if (static_cast<rlim_t>(fd.get()) < limit.rlim_cur - kept) return fd;
  fd.reset();
  errno = EMFILE;
  Error error = Failed("socket");
  error.detail += " (of " + std::to_string(limit.rlim_cur) + ", " + std::to_string(kept) +
                  " are kept for files and connections)";
  return error;
}

Result<UniqueFd> OpenListener(const SocketAddress& address, int family, bool first) {
  auto fd = Open(family, kKeptDescriptors);
  if (!fd) return fd;
  const bool everything = family == AF_INET6 && address.ip.is_unspecified();
  if (family == AF_INET6) Set(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, everything ? 0 : 1);
  if (!first) Set(fd->get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.ip.is_unspecified()) {
    Set(fd->get(), IPPROTO_IP, IP_PKTINFO, 1);
    if (family == AF_INET6) Set(fd->get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
  SetReceiveBuffer(fd->get());
  Coalesce(fd->get());
  if (!Set(fd->get(), SOL_SOCKET, SO_SNDBUFFORCE, kBufferBytes))
    Set(fd->get(), SOL_SOCKET, SO_SNDBUF, kBufferBytes);
  SetPathMtu(fd->get(), family);
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(address, family, storage);
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return BindFailed(address);
  // After the bind, the option admits the siblings and nothing changes for strangers who came
  // before.
  if (first) Set(fd->get(), SOL_SOCKET, SO_REUSEPORT, 1);
  return fd;
}

}  // namespace

Result<std::vector<UniqueFd>> OpenListenerGroup(const SocketAddress& address, unsigned count) {
  const bool everything = address.ip.is_unspecified() && !address.ip.is_v4();
  int family = FamilyOf(address.ip);
  std::vector<UniqueFd> group;
  SocketAddress bound = address;
  while (group.size() < count) {
    auto fd = OpenListener(bound, family, group.empty());
    if (!fd && everything && family == AF_INET6 && group.empty() && errno == EAFNOSUPPORT) {
      family = AF_INET;
      continue;
    }
    if (!fd) return fd.error();
    group.push_back(std::move(*fd));
    if (bound.port == 0) bound.port = LocalPort(group.front().get());
  }
  return group;
}

Result<UniqueFd> OpenPoolSocket(bool v4) {
  const int family = v4 ? AF_INET : AF_INET6;
  auto fd = Open(family, kKeptFromPool);
  if (!fd) return fd;
  if (!v4) Set(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  Set(fd->get(), v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, 1);
  SetReceiveBuffer(fd->get());
  Coalesce(fd->get());
  Set(fd->get(), SOL_SOCKET, SO_SNDBUF, kPoolSendBytes);
  SetPathMtu(fd->get(), family);
  sockaddr_storage storage{};
  SocketAddress any;
  if (v4) any.ip = IpAddress::V4(0);
  const socklen_t length = ToSockaddr(any, family, storage);
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return Failed("bind a pool socket");
  return fd;
}

Result<UniqueFd> OpenConnected(const SocketAddress& peer) {
  const int family = FamilyOf(peer.ip);
  auto fd = Open(family, kKeptDescriptors);
  if (!fd) return fd;
  Set(fd->get(), family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
      family == AF_INET ? IP_RECVERR : IPV6_RECVERR, 1);
  sockaddr_storage storage{};
  const socklen_t length = ToSockaddr(peer, family, storage);
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0)
    return Failed("connect " + peer.ToString());
  return fd;
}

int Family(int fd) noexcept {
  int family = AF_UNSPEC;
  socklen_t length = sizeof family;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length);
  return family;
}

std::uint16_t LocalPort(int fd) noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  return FromSockaddr(storage).port;
}

int ReceiveBuffer(int fd) noexcept {
  int bytes = 0;
  socklen_t length = sizeof bytes;
  ::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &length);
  return bytes;
}

std::uint32_t KernelDrops(int fd) noexcept {
  std::uint32_t info[SK_MEMINFO_VARS] = {};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &length) != 0) return 0;
  return info[SK_MEMINFO_DROPS];
}

socklen_t ToSockaddr(const SocketAddress& address, int family, sockaddr_storage& out) noexcept {
  if (family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.bytes.data() + 12, 4);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6 = {};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  v6.sin6_scope_id = address.scope;
  std::memcpy(&v6.sin6_addr, address.ip.bytes.data(), 16);
  return sizeof v6;
}

SocketAddress FromSockaddr(const sockaddr_storage& in) noexcept {
  SocketAddress address;
  if (in.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(in);
    address.ip = IpAddress::V4(ntohl(v4.sin_addr.s_addr));
    address.port = ntohs(v4.sin_port);
  } else if (in.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(in);
    std::memcpy(address.ip.bytes.data(), &v6.sin6_addr, 16);
    address.port = ntohs(v6.sin6_port);
    if (address.ip.is_link_local()) address.scope = v6.sin6_scope_id;
  }
  return address;
}

}  // namespace stevedore::net
