#include "proxy/net/send_batch.h"

#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

#include "proxy/net/udp_socket.h"

namespace stevedore::net {
namespace {

// What came coalesced lies in one piece, and stays one.
void Append(iovec* vectors, std::size_t& count, const iovec& more) noexcept {
  iovec& last = vectors[count - 1];
  if (static_cast<std::uint8_t*>(last.iov_base) + last.iov_len == more.iov_base)
    last.iov_len += more.iov_len;
  else
    vectors[count++] = more;
}

}  // namespace

unsigned SendBatch::Add(int fd, int family, const config::SocketAddress& to,
                        const config::IpAddress& from,
                        std::span<const std::uint8_t> bytes) noexcept {
  const unsigned index = size_++;
  Item& item = items_[index];
  item.vector = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  item.header = {};
  item.header.msg_name = &item.to;
  item.header.msg_namelen = ToSockaddr(to, family, item.to);
  item.header.msg_iov = &item.vector;
  item.header.msg_iovlen = 1;
  item.next = kNone;
  if (!from.is_unspecified()) SetSource(item, family, to, from);

  const auto descriptor = static_cast<std::size_t>(fd);
  if (descriptor >= group_of_fd_.size()) group_of_fd_.resize(descriptor + 64, kNone);
  std::uint8_t& group = group_of_fd_[descriptor];
  const auto item_number = static_cast<std::uint8_t>(index);
  if (group == kNone) {
    group = static_cast<std::uint8_t>(group_count_);
    groups_[group_count_++] = {fd, item_number, item_number};
  } else {
    items_[groups_[group].last].next = item_number;
    groups_[group].last = item_number;
  }
  return index;
}

void SendBatch::SetSource(Item& item, int family, const config::SocketAddress& to,
                          const config::IpAddress& from) noexcept {
  item.header.msg_control = item.control.data();
  if (family == AF_INET) {
    item.header.msg_controllen = CMSG_SPACE(sizeof(in_pktinfo));
    cmsghdr* c = CMSG_FIRSTHDR(&item.header);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.bytes.data() + 12, 4);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    return;
  }
  item.header.msg_controllen = CMSG_SPACE(sizeof(in6_pktinfo));
  cmsghdr* c = CMSG_FIRSTHDR(&item.header);
  c->cmsg_level = IPPROTO_IPV6;
  c->cmsg_type = IPV6_PKTINFO;
  c->cmsg_len = CMSG_LEN(sizeof(in6_pktinfo));
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, from.bytes.data(), 16);
  info.ipi6_ifindex = from.is_v4() ? 0 : to.scope;  // needed for link-local addresses alone
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
}

void SendBatch::Flush() noexcept {
  for (unsigned i = 0; i < group_count_; ++i) {
    SendGroup(groups_[i]);
    group_of_fd_[static_cast<std::size_t>(groups_[i].fd)] = kNone;
  }
  group_count_ = 0;
  size_ = 0;
}

int SendBatch::SendItem(int fd, const Item& item) noexcept {
  const msghdr& header = item.header;
  for (;;) {
    ++system_calls_;
    const ssize_t sent =
        header.msg_controllen == 0
            ? ::sendto(fd, item.vector.iov_base, item.vector.iov_len, MSG_DONTWAIT,
                       reinterpret_cast<const sockaddr*>(&item.to), header.msg_namelen)
            : ::sendmsg(fd, &header, MSG_DONTWAIT);
    if (sent >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

void SendBatch::SendGroup(const Group& group) noexcept {
  // A datagram alone: sendto imports neither headers nor vectors.
  if (group.first == group.last) {
    errors_[group.first] = SendItem(group.fd, items_[group.first]);
    return;
  }
  unsigned count = 0;
  vector_count_ = 0;
  for (std::uint8_t i = group.first; i != kNone;) i = Compose(count++, i);
  for (unsigned sent = 0; sent < count;) {
    ++system_calls_;
    const int n = ::sendmmsg(group.fd, &messages_[sent], count - sent, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // A short count says that the next one failed, and only sending it again tells why.
    for (int i = 0; i < n; ++i) SetErrors(sent++, 0);
    if (n > 0) continue;
    if (counts_[sent] == 1)
      SetErrors(sent, errno);
    else
      SendSingly(group.fd, sent);
    ++sent;
  }
}

std::uint8_t SendBatch::Compose(unsigned message, std::uint8_t first) noexcept {
  Item& head = items_[first];
  const std::size_t size = head.vector.iov_len;
  firsts_[message] = first;
  counts_[message] = 1;
  msghdr& header = messages_[message].msg_hdr;
  header = head.header;
  std::uint8_t next = head.next;
  if (!segments_ || next == kNone || size == 0 || size > kMaxRunBytes / 2 ||
      !SameWay(head, items_[next]) ||
      std::memcmp(&Refuser(head), &head.to, head.header.msg_namelen) == 0)
    return next;

  iovec* const vectors = &vectors_[vector_count_];
  vectors[0] = head.vector;
  std::size_t pieces = 1;
  std::size_t total = size;
  for (bool shorter = false; next != kNone && !shorter; next = items_[next].next) {
    const iovec& more = items_[next].vector;
    if (more.iov_len == 0 || more.iov_len > size || total + more.iov_len > kMaxRunBytes ||
        !SameWay(head, items_[next]))
      break;
    shorter = more.iov_len < size;  // which only the last segment may be
    Append(vectors, pieces, more);
    ++counts_[message];
    total += more.iov_len;
  }
  if (counts_[message] == 1) return next;
  vector_count_ += static_cast<unsigned>(pieces);
  SetSegment(head, static_cast<std::uint16_t>(size));
  header = head.header;
  header.msg_iov = vectors;
  header.msg_iovlen = pieces;
  return next;
}

bool SendBatch::SameWay(const Item& a, const Item& b) noexcept {
  if (a.header.msg_namelen != b.header.msg_namelen ||
      a.header.msg_controllen != b.header.msg_controllen ||
      std::memcmp(&a.to, &b.to, a.header.msg_namelen) != 0)
    return false;
  if (a.header.msg_controllen == 0) return true;
  const auto* const c = reinterpret_cast<const cmsghdr*>(a.control.data());
  return std::memcmp(c, b.control.data(), c->cmsg_len) == 0;
}

// Behind what stands in the item's control data.
void SendBatch::SetSegment(Item& item, std::uint16_t size) noexcept {
  const std::size_t before = item.header.msg_controllen;
  item.header.msg_control = item.control.data();
  auto* const c = reinterpret_cast<cmsghdr*>(item.control.data() + before);
  c->cmsg_level = SOL_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof size);
  std::memcpy(CMSG_DATA(c), &size, sizeof size);
  item.header.msg_controllen = before + CMSG_SPACE(sizeof size);
}

void SendBatch::SetErrors(unsigned message, int error) noexcept {
  std::uint8_t item = firsts_[message];
  for (unsigned i = 0; i < counts_[message]; ++i, item = items_[item].next) errors_[item] = error;
}

void SendBatch::SendSingly(int fd, unsigned message) noexcept {
  Item& head = items_[firsts_[message]];
  // No segments on this path: larger than its MTU, or a device that computes no checksums.
  if (errno == EINVAL || errno == EMSGSIZE || errno == EIO)
    std::memcpy(&Refuser(head), &head.to, head.header.msg_namelen);
  head.header.msg_controllen -= CMSG_SPACE(sizeof(std::uint16_t));
  std::uint8_t item = firsts_[message];
  for (unsigned i = 0; i < counts_[message]; ++i, item = items_[item].next)
    errors_[item] = SendItem(fd, items_[item]);
}

sockaddr_storage& SendBatch::Refuser(const Item& item) noexcept {
  // FNV-1a over the address: two that meet in one place only forget each other.
  std::uint32_t hash = 2166136261u;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&item.to);
  for (socklen_t i = 0; i < item.header.msg_namelen; ++i) hash = (hash ^ bytes[i]) * 16777619u;
  return refusers_[hash % refusers_.size()];
}

}  // namespace stevedore::net
