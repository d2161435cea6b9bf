#include "proxy/net/send_batch.h"

#include <cerrno>
#include <cstring>

#include "proxy/net/udp_socket.h"

namespace stevedore::net {

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

void SendBatch::SendGroup(const Group& group) noexcept {
  std::array<std::uint8_t, kItems> numbers;
  unsigned count = 0;
  for (std::uint8_t i = group.first; i != kNone; i = items_[i].next) {
    numbers[count] = i;
    messages_[count++].msg_hdr = items_[i].header;
  }
  for (unsigned sent = 0; sent < count;) {
    ++system_calls_;
    const int n = ::sendmmsg(group.fd, &messages_[sent], count - sent, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    // A short count says that the next one failed, and only sending it again tells why.
    if (n > 0) {
      for (int i = 0; i < n; ++i) errors_[numbers[sent + static_cast<unsigned>(i)]] = 0;
      sent += static_cast<unsigned>(n);
    } else {
      errors_[numbers[sent]] = errno;
      ++sent;
    }
  }
}

}  // namespace stevedore::net
