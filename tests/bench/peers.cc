#include "tests/bench/peers.h"

#include <netinet/udp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>

namespace stevedore::bench {
namespace {

constexpr unsigned kBatch = 64;
constexpr std::size_t kBytes = 65'536;

// A batch of datagrams, coalesced ones with their segment's size, that can be sent back as it came.
struct Batch {
  Batch() {
    for (unsigned i = 0; i < kBatch; ++i) {
      vectors[i].iov_base = buffers[i].data();
      headers[i].msg_hdr.msg_name = &sources[i];
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }
  int Receive(int fd) {
    for (unsigned i = 0; i < kBatch; ++i) {
      vectors[i].iov_len = kBytes;
      headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
      headers[i].msg_hdr.msg_control = controls[i].data();
      headers[i].msg_hdr.msg_controllen = controls[i].size();
    }
    return ::recvmmsg(fd, headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  }
  // The size of a segment, 0 for a datagram that came alone.
  std::uint16_t Segment(unsigned i) {
    msghdr& header = headers[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      int size = 0;
      if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
      std::memcpy(&size, CMSG_DATA(c), sizeof size);
      return static_cast<std::uint16_t>(size);
    }
    return 0;
  }
  void PrepareAnswer(unsigned i, std::uint16_t segment) {
    vectors[i].iov_len = headers[i].msg_len;
    msghdr& header = headers[i].msg_hdr;
    if (segment == 0 || headers[i].msg_len <= segment) {
      header.msg_controllen = 0;
      header.msg_control = nullptr;
      return;
    }
    header.msg_controllen = CMSG_SPACE(sizeof segment);
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    std::memcpy(CMSG_DATA(c), &segment, sizeof segment);
  }

  std::array<std::array<std::uint8_t, kBytes>, kBatch> buffers;
  std::array<std::array<std::uint8_t, 64>, kBatch> controls{};
  std::array<sockaddr_in, kBatch> sources{};
  std::array<iovec, kBatch> vectors{};
  std::array<mmsghdr, kBatch> headers{};
};

}  // namespace

Peers::Peers(const sockaddr_in& address, unsigned count, bool gro)
    : poll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (unsigned i = 0; i < count; ++i) {
    const int fd = UdpSocket(address);
    const int on = 1;
    if (gro && ::setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0) Fail("UDP_GRO");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) != 0) Fail("epoll_ctl");
    fds_.push_back(fd);
  }
  thread_ = std::thread([this] { Serve(); });
}

Peers::~Peers() {
  stop_ = true;
  thread_.join();
  for (const int fd : fds_) ::close(fd);
  ::close(poll_);
}

std::vector<std::uint16_t> Peers::Ports() const {
  std::vector<std::uint16_t> ports;
  for (const int fd : fds_) ports.push_back(PortOf(fd));
  return ports;
}

void Peers::Serve() {
  std::array<epoll_event, 64> events;
  while (!stop_) {
    const int n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 50);
    for (int i = 0; i < n; ++i) Take(events[static_cast<std::size_t>(i)].data.fd);
  }
}

void Peers::Take(int fd) {
  static const auto batch = std::make_unique<Batch>();
  for (int rounds = 0; rounds < 16; ++rounds) {
    const int n = batch->Receive(fd);
    if (n <= 0) return;
    std::uint64_t count = 0;
    for (unsigned i = 0; i < static_cast<unsigned>(n); ++i) {
      const std::uint16_t segment = batch->Segment(i);
      const std::size_t size = batch->headers[i].msg_len;
      count += segment == 0 ? 1 : (size + segment - 1) / segment;
      if (echo_) batch->PrepareAnswer(i, segment);
    }
    received_ += count;
    if (!echo_) continue;
    for (unsigned sent = 0; sent < static_cast<unsigned>(n);) {
      const int some = ::sendmmsg(fd, batch->headers.data() + sent, static_cast<unsigned>(n) - sent,
                                  MSG_DONTWAIT);
      sent += some > 0 ? static_cast<unsigned>(some) : 1;
    }
  }
}

}  // namespace stevedore::bench
