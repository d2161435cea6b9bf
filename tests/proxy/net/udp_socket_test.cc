#include "proxy/net/udp_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "tests/proxy/net/sockets.h"

namespace stevedore::net {
namespace {

int Option(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

SocketAddress WithPort(const char* ip, int fd) { return {*IpAddress::Parse(ip), LocalPort(fd)}; }

TEST(OpenListenerGroup, AGroupSharesItsPort) {
  auto group = OpenListenerGroup(At("127.0.0.1:0"), 4);
  ASSERT_TRUE(group) << group.error().detail;
  ASSERT_EQ(group->size(), 4u);
  std::set<std::uint16_t> ports;
  for (const UniqueFd& fd : *group) {
    ports.insert(LocalPort(fd.get()));
    EXPECT_EQ(Family(fd.get()), AF_INET);
    EXPECT_EQ(Option(fd.get(), SOL_SOCKET, SO_REUSEPORT), 1);
    EXPECT_GT(ReceiveBuffer(fd.get()), 0);
    EXPECT_EQ(KernelDrops(fd.get()), 0u);
  }
  EXPECT_EQ(ports.size(), 1u);
  EXPECT_NE(*ports.begin(), 0);
}

TEST(OpenListenerGroup, TheKernelSpreadsClientsOverTheGroup) {
  auto group = OpenListenerGroup(At("127.0.0.1:0"), 4);
  ASSERT_TRUE(group);
  const SocketAddress to = WithPort("127.0.0.1", group->front().get());
  constexpr int kClients = 200;
  for (int i = 0; i < kClients; ++i) {
    const UniqueFd client = BoundSocket(At("127.0.0.1:0"));
    ASSERT_TRUE(SendTo(client.get(), to, "x"));
  }
  int total = 0;
  for (const UniqueFd& fd : *group) {
    int got = 0;
    while (ReceiveFrom(fd.get(), 0)) ++got;
    EXPECT_GT(got, 10);
    total += got;
  }
  EXPECT_EQ(total, kClients);
}

TEST(OpenListenerGroup, ALowPortThatIsDeniedSaysWhatItTakes) {
  int first_open = 1024;
  std::ifstream("/proc/sys/net/ipv4/ip_unprivileged_port_start") >> first_open;
  if (first_open <= 69) GTEST_SKIP() << "everybody may bind low ports here";
  // A thread of its own: it gives up all capabilities.
  std::thread([] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    ASSERT_EQ(::syscall(SYS_capset, &header, none), 0);
    const auto group = OpenListenerGroup(At("127.0.0.1:69"), 1);
    ASSERT_FALSE(group);
    EXPECT_EQ(group.error().code, Errc::kDenied);
    EXPECT_NE(group.error().detail.find("CAP_NET_BIND_SERVICE"), std::string::npos);
  }).join();
}

TEST(OpenListenerGroup, APortInUseIsAConflictWhoeverHoldsIt) {
  auto group = OpenListenerGroup(At("127.0.0.1:0"), 2);
  ASSERT_TRUE(group);
  const SocketAddress address = WithPort("127.0.0.1", group->front().get());
  const auto second = OpenListenerGroup(address, 2);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kConflict);
  EXPECT_NE(second.error().detail.find(address.ToString()), std::string::npos);
  const auto wildcard = OpenListenerGroup({IpAddress{}, address.port}, 2);
  ASSERT_FALSE(wildcard);
  EXPECT_EQ(wildcard.error().code, Errc::kConflict);

  const UniqueFd plain = BoundSocket(At("127.0.0.1:0"));
  const auto third = OpenListenerGroup(WithPort("127.0.0.1", plain.get()), 2);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().code, Errc::kConflict);

  group->clear();
  EXPECT_TRUE(OpenListenerGroup(address, 2)) << "free again";
}

TEST(OpenListenerGroup, AnAddressThatIsNotOursIsInvalid) {
  const auto group = OpenListenerGroup(At("192.0.2.1:0"), 1);
  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code, Errc::kInvalid);
}

TEST(OpenListenerGroup, EveryAddressMeansBothFamilies) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  auto group = OpenListenerGroup(At("[::]:0"), 2);
  ASSERT_TRUE(group);
  EXPECT_EQ(Family(group->front().get()), AF_INET6);
  int got = 0;
  for (const char* ip : {"127.0.0.1", "127.0.0.9", "::1"}) {
    const SocketAddress to = WithPort(ip, group->front().get());
    const UniqueFd client = BoundSocket(At(to.ip.is_v4() ? "127.0.0.1:0" : "[::1]:0"));
    ASSERT_TRUE(SendTo(client.get(), to, ip));
    for (const UniqueFd& fd : *group) got += ReceiveFrom(fd.get(), 0) ? 1 : 0;
  }
  EXPECT_EQ(got, 3);
}

TEST(OpenListenerGroup, AConcreteIpv6AddressIsIpv6Alone) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  auto v6 = OpenListenerGroup(At("[::1]:0"), 1);
  ASSERT_TRUE(v6);
  EXPECT_EQ(Option(v6->front().get(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
  EXPECT_TRUE(OpenListenerGroup(WithPort("127.0.0.1", v6->front().get()), 1))
      << "the same port on the other family is another socket";
}

TEST(OpenPoolSocket, HasAPortOfItsOwnAndQueuesErrors) {
  auto a = OpenPoolSocket(true);
  auto b = OpenPoolSocket(true);
  ASSERT_TRUE(a && b);
  EXPECT_NE(LocalPort(a->get()), 0);
  EXPECT_NE(LocalPort(a->get()), LocalPort(b->get()));
  EXPECT_EQ(Option(a->get(), IPPROTO_IP, IP_RECVERR), 1);
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  auto c = OpenPoolSocket(false);
  ASSERT_TRUE(c);
  EXPECT_EQ(Family(c->get()), AF_INET6);
  EXPECT_EQ(Option(c->get(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
  EXPECT_EQ(Option(c->get(), IPPROTO_IPV6, IPV6_RECVERR), 1);
}

// The kernel keeps at most unres_qlen_bytes for a neighbour that does not answer: by default as
// much as an untouched socket may have under way.
TEST(OpenPoolSocket, HoldsMoreThanOneDeadNeighbourKeepsBack) {
  const UniqueFd plain(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  auto pool = OpenPoolSocket(true);
  ASSERT_TRUE(pool);
  EXPECT_GE(Option(pool->get(), SOL_SOCKET, SO_SNDBUF),
            2 * Option(plain.get(), SOL_SOCKET, SO_SNDBUF));
  EXPECT_GE(ReceiveBuffer(pool->get()), 2 * ReceiveBuffer(plain.get()));
}

// Files and connections need some too: sockets leave the last ones to them, the pool more than
// listeners.
TEST(OpenPoolSocket, TheLastDescriptorsAreForOthers) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{700, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<UniqueFd> taken;
  const auto take = [&](const auto& open) {
    for (;;) {
      auto fd = open();
      if (!fd) return fd.error();
      taken.push_back(std::move(*fd));
    }
  };
  const Error pool = take([] { return OpenPoolSocket(true); });
  const auto after_pool = taken.size();
  const Error listeners = take([]() -> Result<UniqueFd> {
    auto group = OpenListenerGroup(At("127.0.0.1:0"), 1);
    if (!group) return group.error();
    return std::move(group->front());
  });
  const UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(file);
  EXPECT_LT(file.get(), 700 - static_cast<int>(kKeptDescriptors) + 1);
  EXPECT_EQ(pool.code, Errc::kUnavailable);
  EXPECT_NE(pool.detail.find("of 700, 256 are kept"), std::string::npos) << pool.detail;
  EXPECT_NE(listeners.detail.find("of 700, 128 are kept"), std::string::npos) << listeners.detail;
  EXPECT_EQ(taken.size() - after_pool, kKeptFromPool - kKeptDescriptors);
}

TEST(OpenConnected, TalksToItsPeerAlone) {
  const UniqueFd peer = BoundSocket(At("127.0.0.1:0"));
  const UniqueFd stranger = BoundSocket(At("127.0.0.1:0"));
  auto probe = OpenConnected(LocalAddress(peer.get()));
  ASSERT_TRUE(probe);
  const SocketAddress probe_address = LocalAddress(probe->get());
  ASSERT_TRUE(SendTo(stranger.get(), probe_address, "no"));
  ASSERT_TRUE(SendTo(peer.get(), probe_address, "yes"));
  EXPECT_EQ(ReceiveFrom(probe->get())->text, "yes");
}

TEST(KernelDrops, CountsWhatAFullBufferLost) {
  auto group = OpenListenerGroup(At("127.0.0.1:0"), 1);
  ASSERT_TRUE(group);
  const int fd = group->front().get();
  const int tiny = 4096;
  ASSERT_EQ(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny), 0);
  const UniqueFd client = BoundSocket(At("127.0.0.1:0"));
  const SocketAddress to = WithPort("127.0.0.1", fd);
  constexpr std::uint32_t kSent = 500;
  for (std::uint32_t i = 0; i < kSent; ++i)
    ASSERT_TRUE(SendTo(client.get(), to, std::string(1000, 'x')));
  std::uint32_t got = 0;
  while (ReceiveFrom(fd, 0)) ++got;
  EXPECT_GT(KernelDrops(fd), 0u);
  EXPECT_EQ(got + KernelDrops(fd), kSent);
}

TEST(Sockaddr, RoundTrips) {
  sockaddr_storage storage{};
  for (const char* text : {"1.2.3.4:5", "[2001:db8::1]:65535", "[::]:1", "0.0.0.0:9"}) {
    const SocketAddress address = At(text);
    ToSockaddr(address, AF_INET6, storage);
    EXPECT_EQ(FromSockaddr(storage), address) << text;
    if (!address.ip.is_v4()) continue;
    EXPECT_EQ(ToSockaddr(address, AF_INET, storage), sizeof(sockaddr_in));
    EXPECT_EQ(FromSockaddr(storage), address) << text;
  }
  SocketAddress link_local = At("[fe80::1]:7");
  link_local.scope = 3;
  ToSockaddr(link_local, AF_INET6, storage);
  EXPECT_EQ(FromSockaddr(storage), link_local);
}

}  // namespace
}  // namespace stevedore::net
