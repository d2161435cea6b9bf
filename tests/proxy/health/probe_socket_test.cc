#include "proxy/health/probe_socket.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/proxy/health/udp_peer.h"

namespace stevedore::health {
namespace {

constexpr std::uint8_t kPing[] = {'p', 'i', 'n', 'g'};

bool WaitReadable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, 2000) == 1;
}

bool Anything(std::span<const std::uint8_t>) { return true; }
bool Nothing(std::span<const std::uint8_t>) { return false; }

TEST(ProbeSocket, SendsAndHearsTheReply) {
  UdpPeer peer;
  auto socket = ProbeSocket::Open(peer.address(), {});
  ASSERT_TRUE(socket) << socket.error().detail;
  EXPECT_EQ(socket->Send(kPing), ProbeSocket::Sent::kYes);
  EXPECT_EQ(peer.Receive(), "ping");
  EXPECT_EQ(peer.client().port, socket->local_port());
  ASSERT_TRUE(peer.Reply("pong"));
  ASSERT_TRUE(WaitReadable(socket->fd()));
  EXPECT_FALSE(socket->IsQuiet());
  const auto heard = socket->Read(Anything);
  EXPECT_TRUE(heard.matched);
  EXPECT_FALSE(heard.unreachable);
  EXPECT_TRUE(socket->IsQuiet());
}

TEST(ProbeSocket, ReadsEverythingAndKeepsTheVerdictOfTheFilter) {
  UdpPeer peer;
  auto socket = ProbeSocket::Open(peer.address(), {});
  ASSERT_TRUE(socket) << socket.error().detail;
  ASSERT_EQ(socket->Send(kPing), ProbeSocket::Sent::kYes);
  ASSERT_TRUE(peer.Receive());
  ASSERT_TRUE(peer.Reply("a") && peer.Reply("b"));
  ASSERT_TRUE(WaitReadable(socket->fd()));
  EXPECT_FALSE(socket->Read(Nothing).matched);
  EXPECT_FALSE(socket->Read(Anything).matched) << "both datagrams were read before";
}

TEST(ProbeSocket, HearsAnUnreachable) {
  std::uint16_t port = 0;
  {
    UdpPeer gone;
    port = gone.address().port;
  }
  auto socket = ProbeSocket::Open(Loopback(port), {});
  ASSERT_TRUE(socket) << socket.error().detail;
  ASSERT_EQ(socket->Send(kPing), ProbeSocket::Sent::kYes);
  ASSERT_TRUE(WaitReadable(socket->fd()));
  EXPECT_FALSE(socket->IsQuiet());
  const auto heard = socket->Read(Anything);
  EXPECT_TRUE(heard.unreachable);
  EXPECT_FALSE(heard.matched);
  EXPECT_FALSE(socket->Read(Anything).unreachable) << "the queue was drained";
}

TEST(ProbeSocket, KeepsOffThePortsOfListeners) {
  UdpPeer peer;
  Ports avoid;
  avoid.set();
  EXPECT_FALSE(ProbeSocket::Open(peer.address(), avoid));
  for (int port = 1024; port < 65536; port += 2) avoid.reset(static_cast<std::size_t>(port));
  auto socket = ProbeSocket::Open(peer.address(), avoid);
  ASSERT_TRUE(socket) << socket.error().detail;
  EXPECT_EQ(socket->local_port() % 2, 0);
}

}  // namespace
}  // namespace stevedore::health
