#include "tests/bench/clients.h"

#include <netinet/udp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace stevedore::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNap = 50'000;
constexpr std::uint32_t kGroup = 50;  // flows that are made known at once

}  // namespace

Clients::Clients(const LoadPlan& plan)
    : plan_(plan), poll_(::epoll_create1(EPOLL_CLOEXEC)), payload_(plan.size * plan.burst) {
  for (std::uint32_t i = 0; i < plan.flows; ++i) {
    const int fd = UdpSocket(plan.source);
    const sockaddr_in target = TargetOf(plan_, i);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0)
      Fail("connect");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = i;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) != 0) Fail("epoll_ctl");
    const int segment = static_cast<int>(plan.size);
    if (plan.gso && ::setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0)
      Fail("UDP_SEGMENT");
    fds_.push_back(fd);
  }
}

Clients::~Clients() {
  for (const int fd : fds_) ::close(fd);
  ::close(poll_);
}

bool Clients::Warm() {
  for (std::uint32_t first = 0; first < plan_.flows; first += kGroup) {
    const std::uint32_t last = std::min(first + kGroup, plan_.flows);
    if (!Exchange(first, last) || !Exchange(first, last)) return false;
  }
  return true;
}

bool Clients::Exchange(std::uint32_t first, std::uint32_t last) {
  LoadResult result;
  for (int tries = 0; tries < 20; ++tries) {
    for (std::uint32_t flow = first; flow < last; ++flow) Send(flow, 1, Now(), result);
    const std::int64_t end = Now() + kSecond / (plan_.echo ? 4 : 100);
    while (result.answered < last - first && Now() < end) Receive(kNap, result);
    if (!plan_.echo || result.answered >= last - first) return true;
  }
  return false;
}

LoadResult Clients::Run(double rate, double seconds) {
  LoadResult result;
  const std::int64_t start = Now();
  const auto total = static_cast<std::uint64_t>(rate * seconds);
  const double gap = 1e9 / rate;
  std::uint32_t flow = 0;
  for (std::uint64_t planned = 0; planned < total;) {
    const std::int64_t due = start + static_cast<std::int64_t>(gap * static_cast<double>(planned));
    const std::int64_t wait = due - Now();
    if (wait > 0) {
      Receive(std::min(wait, kNap), result);
      continue;
    }
    Send(flow, plan_.burst, due, result);
    planned += plan_.burst;
    flow = flow + 1 == plan_.flows ? 0 : flow + 1;
    if (planned % 16 == 0) Receive(0, result);
  }
  for (Patience patience; plan_.echo && patience.Lasts(result); Receive(kNap, result)) {
  }
  return result;
}

void Clients::Send(std::uint32_t flow, unsigned count, std::int64_t due, LoadResult& result) {
  const Head head = HeadOf(plan_, flow, due);
  std::array<iovec, 64> vectors;
  std::array<mmsghdr, 64> headers{};
  for (unsigned i = 0; i < count; ++i) {
    std::uint8_t* const at = payload_.data() + i * plan_.size;
    std::memcpy(at, &head, sizeof head);
    vectors[i] = {at, plan_.size};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  int sent = 0;
  if (count == 1)
    sent = ::send(fds_[flow], payload_.data(), plan_.size, 0) < 0 ? 0 : 1;
  else if (plan_.gso)
    sent = ::send(fds_[flow], payload_.data(), count * plan_.size, 0) < 0 ? 0
                                                                          : static_cast<int>(count);
  else
    sent = std::max(::sendmmsg(fds_[flow], headers.data(), count, 0), 0);
  result.sent += static_cast<unsigned>(sent);
  result.refused += count - static_cast<unsigned>(sent);
}

void Clients::Receive(std::int64_t nanos, LoadResult& result) {
  std::array<epoll_event, 256> events;
  const timespec timeout{nanos / kSecond, nanos % kSecond};
  const int n =
      ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  if (n <= 0) return;
  std::array<std::uint8_t, 65'536> datagram;
  for (int i = 0; i < n; ++i) {
    const std::uint32_t flow = events[static_cast<std::size_t>(i)].data.u32;
    for (unsigned taken = 0; taken < 64; ++taken) {
      const ssize_t size = ::recv(fds_[flow], datagram.data(), datagram.size(), MSG_DONTWAIT);
      if (size < static_cast<ssize_t>(sizeof(Head))) break;
      Head head;
      std::memcpy(&head, datagram.data(), sizeof head);
      if (head.flow != flow) continue;
      ++result.answered;
      result.latency.Add(Now() - head.due);
    }
  }
}

}  // namespace stevedore::bench
