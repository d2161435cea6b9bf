#include "tests/bench/micro/kernel.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <thread>

namespace stevedore::bench {
namespace {

constexpr std::size_t kSize = 64;
constexpr std::uint8_t kPayload[kSize] = {1};
constexpr std::uint32_t kFirstClient = 0x0b000000;  // 11.0.0.0

void Fill(mmsghdr& message, const sockaddr_in& source) noexcept {
  std::memcpy(message.msg_hdr.msg_iov->iov_base, kPayload, kSize);
  message.msg_len = kSize;
  if (message.msg_hdr.msg_name != nullptr)
    std::memcpy(message.msg_hdr.msg_name, &source, sizeof source);
  message.msg_hdr.msg_namelen = sizeof source;
  message.msg_hdr.msg_controllen = 0;
}

}  // namespace

Kernel& Kernel::The() {
  static Kernel kernel;
  return kernel;
}

void Kernel::Forget() {
  leases_.clear();
  next_lease_ = next_client_ = 0;
}

void Kernel::Do(Job job) {
  if (job.way == Job::Way::kDown && next_lease_ == 0 && job.state != nullptr)
    std::shuffle(leases_.begin(), leases_.end(), std::mt19937(1));
  job_.store(&job);
  job_.notify_all();
  job_.wait(&job);
}

void Kernel::Watch(int fd, std::uint64_t tag) {
  const auto at = static_cast<std::size_t>(fd);
  if (tags_.size() <= at) {
    tags_.resize(at + 64);
    ready_.resize(at + 64);
  }
  tags_[at] = tag;
}

int Kernel::Wait(epoll_event* events, int most) noexcept {
  Job* const job = job_.load(std::memory_order_acquire);
  if (job == nullptr) {
    std::this_thread::sleep_for(std::chrono::microseconds(200));
    return 0;
  }
  if (pending_ == 0 && !NextStep(*job)) {
    job_.store(nullptr);
    job_.notify_all();
    return 0;
  }
  if (job->way == Job::Way::kDown) return ReadyPools(events, most);
  events[0].events = EPOLLIN;
  events[0].data.u64 = tags_[static_cast<std::size_t>(listener_)];
  return 1;
}

bool Kernel::NextStep(Job& job) noexcept {
  if (job.state != nullptr) {
    if (!job.state->KeepRunningBatch(kStep)) return false;
    pending_ = kStep;
  } else {
    pending_ = static_cast<unsigned>(std::min<std::uint64_t>(job.left, kStep));
    job.left -= pending_;
    if (pending_ == 0) return false;
  }
  if (job.way == Job::Way::kUp) return true;
  for (unsigned i = 0; i < pending_; ++i) {
    const auto lease = static_cast<std::uint32_t>(next_lease_);
    next_lease_ = next_lease_ + 1 == leases_.size() ? 0 : next_lease_ + 1;
    auto& waiting = ready_[static_cast<std::size_t>(leases_[lease].fd)];
    if (waiting.empty()) ready_fds_.push_back(leases_[lease].fd);
    waiting.push_back(lease);
  }
  return true;
}

int Kernel::ReadyPools(epoll_event* events, int most) noexcept {
  std::erase_if(ready_fds_,
                [this](int fd) { return ready_[static_cast<std::size_t>(fd)].empty(); });
  const int count = std::min(most, static_cast<int>(ready_fds_.size()));
  for (int i = 0; i < count; ++i) {
    events[i].events = EPOLLIN;
    events[i].data.u64 = tags_[static_cast<std::size_t>(ready_fds_[static_cast<std::size_t>(i)])];
  }
  return count;
}

std::uint32_t Kernel::NextClient(const Job& job) noexcept {
  if (!job.random) {
    const std::uint32_t client = next_client_;
    next_client_ = client + 1 == job.clients ? 0 : client + 1;
    return client;
  }
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<std::uint32_t>((random_ >> 32) * job.clients >> 32);
}

int Kernel::Receive(int fd, mmsghdr* messages, unsigned most) noexcept {
  const Job* const job = job_.load(std::memory_order_relaxed);
  if (job == nullptr) return 0;
  unsigned count = 0;
  if (fd == listener_) {
    if (job->way != Job::Way::kUp) return 0;
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_port = htons(5000);
    for (; count < most && pending_ != 0; ++count, --pending_) {
      source.sin_addr.s_addr = htonl(kFirstClient + NextClient(*job));
      Fill(messages[count], source);
    }
    return static_cast<int>(count);
  }
  auto& waiting = ready_[static_cast<std::size_t>(fd)];
  for (; count < most && !waiting.empty(); ++count, --pending_) {
    Fill(messages[count], leases_[waiting.back()].peer);
    waiting.pop_back();
  }
  return static_cast<int>(count);
}

void Kernel::Sent(int fd, const sockaddr_in* to) noexcept {
  const Job* const job = job_.load(std::memory_order_relaxed);
  if (job != nullptr && job->learn && fd != listener_) leases_.push_back({fd, *to});
}

}  // namespace stevedore::bench
