#include "proxy/control/signals.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>
#include <thread>

namespace stevedore::control {
namespace {

bool Readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

// On a thread of its own, whose mask ends with it.
template <class Body>
void OnThread(Body body) {
  std::thread(body).join();
}

TEST(Signals, BecomeEvents) {
  OnThread([] {
    auto signals = Signals::Open();
    ASSERT_TRUE(signals);
    EXPECT_FALSE(Readable(signals->fd()));
    EXPECT_EQ(signals->Take(), std::nullopt);
    const std::pair<int, Signals::Kind> cases[] = {{SIGHUP, Signals::Kind::kReload},
                                                   {SIGTERM, Signals::Kind::kStop},
                                                   {SIGINT, Signals::Kind::kStop}};
    for (const auto& [number, kind] : cases) {
      ASSERT_EQ(std::raise(number), 0);
      EXPECT_TRUE(Readable(signals->fd()));
      EXPECT_EQ(signals->Take(), kind) << number;
      EXPECT_EQ(signals->Take(), std::nullopt);
    }
  });
}

TEST(Signals, AreBlockedInThreadsThatComeLater) {
  OnThread([] {
    ASSERT_TRUE(Signals::Open());
    OnThread([] {
      sigset_t mask;
      ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, nullptr, &mask), 0);
      for (const int number : {SIGTERM, SIGINT, SIGHUP}) EXPECT_EQ(::sigismember(&mask, number), 1);
    });
  });
}

TEST(Signals, ABrokenPipeEndsNothing) {
  OnThread([] {
    ASSERT_TRUE(Signals::Open());
    EXPECT_EQ(std::raise(SIGPIPE), 0);
  });
}

TEST(Signals, WhatIsMeantForOthersEndsNothing) {
  OnThread([] {
    ASSERT_TRUE(Signals::Open());
    for (const int number : {SIGUSR1, SIGUSR2}) EXPECT_EQ(std::raise(number), 0);
  });
}

}  // namespace
}  // namespace stevedore::control
