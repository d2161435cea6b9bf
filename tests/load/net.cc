#include "tests/load/net.h"

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace stevedore::load {
namespace {

constexpr int kBufferBytes = 16 << 20;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void GrowBuffer(int fd, int forced, int asked) {
  if (::setsockopt(fd, SOL_SOCKET, forced, &kBufferBytes, sizeof kBufferBytes) != 0)
    ::setsockopt(fd, SOL_SOCKET, asked, &kBufferBytes, sizeof kBufferBytes);
}

}  // namespace

Flags::Flags(int argc, char** argv) {
  for (int i = 0; i + 1 < argc; i += 2) values_[argv[i]] = argv[i + 1];
}

std::string Flags::Text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find("--" + name);
  return found == values_.end() ? otherwise : found->second;
}

std::int64_t Flags::Number(const std::string& name, std::int64_t otherwise) const {
  const auto found = values_.find("--" + name);
  return found == values_.end() ? otherwise : std::atoll(found->second.c_str());
}

std::uint16_t Address::port() const {
  return ntohs(storage.ss_family == AF_INET
                   ? reinterpret_cast<const sockaddr_in&>(storage).sin_port
                   : reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
}

Address MakeAddress(const std::string& host, std::uint16_t port) {
  Address address;
  auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.length = sizeof v4;
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.length = sizeof v6;
  } else {
    errno = EINVAL;
    Die(host.c_str());
  }
  return address;
}

int BoundSocket(const Address& address) {
  const int fd = ::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) Die("socket");
  GrowBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  GrowBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0)
    Die("bind");
  return fd;
}

Address LocalAddress(int fd) {
  Address address;
  address.length = sizeof address.storage;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address;
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool ToldToEnd() {
  pollfd in{STDIN_FILENO, POLLIN, 0};
  return ::poll(&in, 1, 0) > 0;
}

unsigned Pacer::Due(unsigned most) {
  const double now = Now();
  credit_ = std::min(credit_ + (now - last_) * rate_, std::max(rate_ / 50, 64.0));
  last_ = now;
  const auto due = std::min(static_cast<unsigned>(credit_), most);
  credit_ -= due;
  return due;
}

Batch::Batch() {
  for (unsigned i = 0; i < kSlots; ++i) {
    vectors_[i] = {buffers_[i].data(), kBytes};
    headers_[i].msg_hdr.msg_name = &addresses_[i].storage;
    headers_[i].msg_hdr.msg_iov = &vectors_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = controls_[i].data();
  }
}

unsigned Batch::Receive(int fd) {
  for (unsigned i = 0; i < kSlots; ++i) {
    vectors_[i].iov_len = kBytes;
    headers_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    headers_[i].msg_hdr.msg_controllen = controls_[i].size();
  }
  const int n = ::recvmmsg(fd, headers_.data(), kSlots, MSG_DONTWAIT, nullptr);
  const unsigned count = n < 0 ? 0 : static_cast<unsigned>(n);
  for (unsigned i = 0; i < count; ++i) {
    vectors_[i].iov_len = headers_[i].msg_len;
    addresses_[i].length = headers_[i].msg_hdr.msg_namelen;
    control_sizes_[i] = 0;
  }
  return count;
}

unsigned Batch::Send(int fd, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    headers_[i].msg_hdr.msg_namelen = addresses_[i].length;
    headers_[i].msg_hdr.msg_controllen = control_sizes_[i];
  }
  unsigned refused = 0;
  for (unsigned sent = 0; sent < count;) {
    const int n = ::sendmmsg(fd, &headers_[sent], count - sent, MSG_DONTWAIT);
    if (n > 0) {
      sent += static_cast<unsigned>(n);
    } else if (errno == EAGAIN) {
      pollfd out{fd, POLLOUT, 0};
      ::poll(&out, 1, 100);
    } else if (errno != ECONNREFUSED) {  // that is the error of an earlier one
      ++refused;
      ++sent;
    }
  }
  return refused;
}

in_addr Batch::local(unsigned slot) {
  msghdr& header = headers_[slot].msg_hdr;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo info;
    std::memcpy(&info, CMSG_DATA(c), sizeof info);
    return info.ipi_addr;
  }
  return {};
}

void Batch::SetSource(unsigned slot, in_addr source) {
  auto* c = reinterpret_cast<cmsghdr*>(controls_[slot].data());
  c->cmsg_level = IPPROTO_IP;
  c->cmsg_type = IP_PKTINFO;
  c->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo info{};
  info.ipi_spec_dst = source;
  std::memcpy(CMSG_DATA(c), &info, sizeof info);
  control_sizes_[slot] = CMSG_SPACE(sizeof info);
}

}  // namespace stevedore::load
