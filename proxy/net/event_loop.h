// EventLoop: epoll and a wake-up that other threads may ring.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "proxy/base/clock.h"
#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"

namespace stevedore::net {

// Thread: one, but for Wake(), which any thread may call.
class EventLoop {
 public:
  struct Event {
    std::uint64_t tag;     // as given to Add()
    std::uint32_t events;  // EPOLLIN, EPOLLERR, ...
  };

  static Result<EventLoop> Create();

  // Watches `fd` for reading, level-triggered; its events carry `tag`. False when the kernel
  // refuses.
  bool Add(int fd, std::uint64_t tag) noexcept;
  void Remove(int fd) noexcept;

  // Waits until something happens or `timeout` has passed. Wake-ups are taken here and not
  // returned.
  std::span<const Event> Wait(std::chrono::milliseconds timeout) noexcept;
  void Wake() noexcept;

 private:
  static constexpr std::uint64_t kWakeTag = ~std::uint64_t{0};
  EventLoop(UniqueFd epoll, UniqueFd wake) noexcept;

  UniqueFd epoll_;
  UniqueFd wake_;
  std::array<epoll_event, 256> raw_{};
  std::array<Event, 256> events_{};
};

}  // namespace stevedore::net
