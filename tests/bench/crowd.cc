#include "tests/bench/crowd.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace stevedore::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// What is due is sent this often: cheap for us, and still far finer than a buffer.
constexpr std::int64_t kStep = 100'000;
constexpr std::uint32_t kGroup = 256;  // flows that are made known at once

void SleepUntil(std::int64_t moment) {
  const timespec until{moment / kSecond, moment % kSecond};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

}  // namespace

Crowd::Crowd(const LoadPlan& plan) : plan_(plan) {
  sockaddr_in any{};
  any.sin_family = AF_INET;
  fd_ = UdpSocket(any);
  for (unsigned i = 0; i < kBatch; ++i) {
    out_vectors_[i] = {out_[i].data(), std::min(plan.size, kBytes)};
    in_vectors_[i] = {in_[i].data(), kBytes};
    in_headers_[i].msg_hdr = {nullptr, 0, &in_vectors_[i], 1, nullptr, 0, 0};
    msghdr& header = out_headers_[i].msg_hdr;
    header = {&targets_[i],
              sizeof(sockaddr_in),
              &out_vectors_[i],
              1,
              controls_[i].data(),
              CMSG_SPACE(sizeof(in_pktinfo)),
              0};
    cmsghdr* const c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  }
}

Crowd::~Crowd() { ::close(fd_); }

bool Crowd::Warm() {
  for (std::uint32_t first = 0; first < plan_.flows; first += kGroup) {
    const std::uint32_t last = std::min(first + kGroup, plan_.flows);
    if (!Exchange(first, last) || !Exchange(first, last)) return false;
  }
  return true;
}

bool Crowd::Exchange(std::uint32_t first, std::uint32_t last) {
  for (int tries = 0; tries < 20; ++tries) {
    LoadResult result;
    for (std::uint32_t flow = first; flow < last; flow += kBatch)
      Send(flow, std::min(kBatch, last - flow), Now(), 0, result);
    const std::int64_t end = Now() + kSecond / 4;
    while (result.answered < last - first && Now() < end) {
      SleepUntil(Now() + kStep / 2);
      Receive(result);
    }
    if (result.answered >= last - first) return true;
  }
  return false;
}

LoadResult Crowd::Run(double rate, double seconds) {
  LoadResult result;
  const std::int64_t start = Now();
  const auto total = static_cast<std::uint64_t>(rate * seconds);
  const double gap = 1e9 / rate;
  std::uint32_t flow = 0;
  std::uint64_t planned = 0;
  for (std::int64_t step = start; planned < total; step += kStep) {
    SleepUntil(step);
    const auto due =
        std::min(total, static_cast<std::uint64_t>(static_cast<double>(Now() - start) / gap) + 1);
    while (planned < due) {
      const auto count = static_cast<unsigned>(
          std::min<std::uint64_t>({kBatch, due - planned, plan_.flows - flow}));
      Send(flow, count, start + static_cast<std::int64_t>(gap * static_cast<double>(planned)), gap,
           result);
      planned += count;
      flow = flow + count == plan_.flows ? 0 : flow + count;
      Receive(result);
    }
    Receive(result);
  }
  for (Patience patience; patience.Lasts(result); Receive(result)) SleepUntil(Now() + kStep);
  return result;
}

void Crowd::Send(std::uint32_t flow, unsigned count, std::int64_t due, double gap,
                 LoadResult& result) {
  const std::uint32_t source = ntohl(plan_.source.sin_addr.s_addr);
  for (unsigned i = 0; i < count; ++i) {
    const Head head =
        HeadOf(plan_, flow + i, due + static_cast<std::int64_t>(gap * static_cast<double>(i)));
    std::memcpy(out_[i].data(), &head, sizeof head);
    targets_[i] = TargetOf(plan_, flow + i);
    in_pktinfo from{};
    from.ipi_spec_dst.s_addr = htonl(source + flow + i);
    std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&out_headers_[i].msg_hdr)), &from, sizeof from);
  }
  for (unsigned sent = 0; sent < count;) {
    const int n = ::sendmmsg(fd_, &out_headers_[sent], count - sent, MSG_DONTWAIT);
    result.sent += n > 0 ? static_cast<unsigned>(n) : 0;
    result.refused += n > 0 ? 0 : 1;
    sent += n > 0 ? static_cast<unsigned>(n) : 1;
  }
}

void Crowd::Receive(LoadResult& result) {
  for (int n = kBatch; n == static_cast<int>(kBatch);) {
    n = ::recvmmsg(fd_, in_headers_.data(), kBatch, MSG_DONTWAIT, nullptr);
    const std::int64_t now = n > 0 ? Now() : 0;
    for (int i = 0; i < n; ++i) {
      Head head;
      std::memcpy(&head, in_[static_cast<std::size_t>(i)].data(), sizeof head);
      ++result.answered;
      result.latency.Add(now - head.due);
    }
  }
}

}  // namespace stevedore::bench
