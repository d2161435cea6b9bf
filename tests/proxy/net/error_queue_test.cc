#include "proxy/net/error_queue.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/proxy/net/sockets.h"

namespace stevedore::net {
namespace {

// An address where nobody listens.
SocketAddress Closed(const char* any) { return LocalAddress(BoundSocket(At(any)).get()); }

// The kernel's answer is queued before the send returns on loopback; waiting costs nothing.
std::optional<SocketError> WaitForError(int fd) {
  pollfd wait{fd, 0, 0};
  ::poll(&wait, 1, 5000);
  return TakeError(fd);
}

TEST(TakeError, NothingQueued) {
  const UniqueFd fd = std::move(*OpenPoolSocket(true));
  EXPECT_FALSE(TakeError(fd.get()));
}

TEST(TakeError, QuotesTheDestination) {
  const UniqueFd fd = std::move(*OpenPoolSocket(true));
  const UniqueFd alive = BoundSocket(At("127.0.0.1:0"));
  const SocketAddress dead = Closed("127.0.0.1:0");
  ASSERT_TRUE(SendTo(fd.get(), dead, "hello"));
  const auto error = WaitForError(fd.get());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error, ECONNREFUSED);
  EXPECT_EQ(error->destination, dead);
  EXPECT_FALSE(TakeError(fd.get()));
}

TEST(TakeError, OnePerDatagram) {
  const UniqueFd fd = std::move(*OpenPoolSocket(true));
  const SocketAddress one = Closed("127.0.0.1:0");
  const SocketAddress two = Closed("127.0.0.2:0");
  ASSERT_TRUE(SendTo(fd.get(), one, "a"));
  // The first error fails the next send, once.
  ASSERT_TRUE(SendTo(fd.get(), two, "b") || SendTo(fd.get(), two, "b"));
  const auto first = WaitForError(fd.get());
  const auto second = WaitForError(fd.get());
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->destination, one);
  EXPECT_EQ(second->destination, two);
}

TEST(TakeError, Ipv6) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  const UniqueFd fd = std::move(*OpenPoolSocket(false));
  const SocketAddress dead = Closed("[::1]:0");
  ASSERT_TRUE(SendTo(fd.get(), dead, "hello"));
  const auto error = WaitForError(fd.get());
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error, ECONNREFUSED);
  EXPECT_EQ(error->destination, dead);
}

}  // namespace
}  // namespace stevedore::net
