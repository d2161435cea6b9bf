#include "proxy/net/recv_batch.h"

#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/udp_socket.h"

namespace stevedore::net {
namespace {

// As recvmmsg for a single slot.
int ReceiveOne(int fd, mmsghdr& slot) noexcept {
  const ssize_t size = ::recvmsg(fd, &slot.msg_hdr, MSG_DONTWAIT);
  if (size < 0) return -1;
  slot.msg_len = static_cast<unsigned>(size);
  return 1;
}

}  // namespace

RecvBatch::RecvBatch() : buffer_(new std::uint8_t[kSlots * kStride]) {
  for (unsigned i = 0; i < kSlots; ++i) {
    vectors_[i] = {SlotBytes(i), kSlotBytes};
    headers_[i].msg_hdr.msg_name = &sources_[i];
    headers_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    headers_[i].msg_hdr.msg_controllen = kControlBytes;
    headers_[i].msg_hdr.msg_iov = &vectors_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = controls_[i].data();
  }
}

int RecvBatch::Receive(int fd, unsigned first, unsigned most) noexcept {
  const unsigned end = first + std::min(most, kSlots - first);
  for (unsigned i = first; i < std::min(end, used_); ++i) {
    headers_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    headers_[i].msg_hdr.msg_controllen = kControlBytes;
  }
  if (used_ <= end) used_ = first;
  for (;;) {
    const int n = most == 1 ? ReceiveOne(fd, headers_[first])
                            : ::recvmmsg(fd, &headers_[first], end - first, MSG_DONTWAIT, nullptr);
    if (n > 0) used_ = std::max(used_, first + static_cast<unsigned>(n));
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
  }
}

config::SocketAddress RecvBatch::Source(unsigned slot) const noexcept {
  return FromSockaddr(sources_[slot]);
}

std::pair<Datagram, std::size_t> RecvBatch::Read(unsigned slot) const noexcept {
  const msghdr& header = headers_[slot].msg_hdr;
  Datagram datagram;
  std::size_t segment = 0;
  datagram.bytes = {SlotBytes(slot), headers_[slot].msg_len};
  datagram.source = FromSockaddr(sources_[slot]);
  auto* mutable_header = const_cast<msghdr*>(&header);  // CMSG_NXTHDR takes no const
  for (cmsghdr* c = CMSG_FIRSTHDR(mutable_header); c != nullptr;
       c = CMSG_NXTHDR(mutable_header, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      // ipi_addr is the header's destination; ipi_spec_dst the address to answer from.
      datagram.local = config::IpAddress::V4(ntohl(info.ipi_spec_dst.s_addr));
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      std::memcpy(datagram.local.bytes.data(), &info.ipi6_addr, 16);
    } else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(c), sizeof size);
      if (size > 0) segment = static_cast<std::size_t>(size);
    }
  }
  return {datagram, segment};
}

}  // namespace stevedore::net
