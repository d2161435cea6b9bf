#include "proxy/net/event_loop.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace stevedore::net {

EventLoop::EventLoop(UniqueFd epoll, UniqueFd wake) noexcept
    : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

Result<EventLoop> EventLoop::Create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!epoll || !wake)
    return Error{Errc::kUnavailable, std::string("epoll: ") + std::strerror(errno)};
  EventLoop loop(std::move(epoll), std::move(wake));
  if (!loop.Add(loop.wake_.get(), kWakeTag))
    return Error{Errc::kUnavailable, std::string("epoll: ") + std::strerror(errno)};
  return loop;
}

bool EventLoop::Add(int fd, std::uint64_t tag) noexcept {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::Remove(int fd) noexcept { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

std::span<const EventLoop::Event> EventLoop::Wait(std::chrono::milliseconds timeout) noexcept {
  const int n = ::epoll_wait(epoll_.get(), raw_.data(), static_cast<int>(raw_.size()),
                             static_cast<int>(timeout.count()));
  std::size_t count = 0;
  for (int i = 0; i < n; ++i) {
    const epoll_event& raw = raw_[static_cast<std::size_t>(i)];
    if (raw.data.u64 == kWakeTag) {
      std::uint64_t ignored = 0;
      [[maybe_unused]] const auto read = ::read(wake_.get(), &ignored, sizeof ignored);
      continue;
    }
    events_[count++] = {raw.data.u64, raw.events};
  }
  return {events_.data(), count};
}

void EventLoop::Wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

}  // namespace stevedore::net
