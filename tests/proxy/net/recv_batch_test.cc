#include "proxy/net/recv_batch.h"

#include <gtest/gtest.h>
#include <netinet/udp.h>

#include "tests/proxy/net/sockets.h"

namespace stevedore::net {
namespace {

std::string Text(const Datagram& datagram) {
  return {reinterpret_cast<const char*>(datagram.bytes.data()), datagram.bytes.size()};
}

class RecvBatchTest : public testing::Test {
 protected:
  void Listen(const char* address) {
    auto group = OpenListenerGroup(At(address), 1);
    ASSERT_TRUE(group);
    listener_ = std::move(group->front());
  }
  SocketAddress To(const char* ip) const {
    return {*IpAddress::Parse(ip), LocalPort(listener_.get())};
  }
  UniqueFd listener_;
  UniqueFd client_ = BoundSocket(At("127.0.0.1:0"));
  RecvBatch batch_;
};

TEST_F(RecvBatchTest, NothingToRead) {
  Listen("127.0.0.1:0");
  EXPECT_EQ(batch_.Receive(listener_.get()), 0);
  EXPECT_EQ(batch_.Receive(-1), -EBADF);
}

TEST_F(RecvBatchTest, TakesUpTo64InOrder) {
  Listen("127.0.0.1:0");
  for (int i = 0; i < 70; ++i)
    ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), std::to_string(i)));
  ASSERT_EQ(batch_.Receive(listener_.get()), 64);
  for (unsigned i = 0; i < 64; ++i) {
    EXPECT_EQ(Text(batch_.At(i)), std::to_string(i));
    EXPECT_EQ(batch_.At(i).source, LocalAddress(client_.get()));
    EXPECT_TRUE(batch_.At(i).local.is_unspecified()) << "a concrete bind needs no PKTINFO";
  }
  ASSERT_EQ(batch_.Receive(listener_.get()), 6);
  EXPECT_EQ(Text(batch_.At(5)), "69");
}

TEST_F(RecvBatchTest, FillsBehindWhatItHolds) {
  Listen("127.0.0.1:0");
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), "a"));
  ASSERT_EQ(batch_.Receive(listener_.get()), 1);
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), "b"));
  EXPECT_EQ(batch_.Receive(listener_.get(), 1), 63);
  EXPECT_EQ(Text(batch_.At(0)), "a");
  EXPECT_EQ(Text(batch_.At(63)), "b");
}

TEST_F(RecvBatchTest, TakesNoMoreThanItIsAskedFor) {
  Listen("0.0.0.0:0");
  for (const char* text : {"a", "b", "c", "d"})
    ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), text));
  EXPECT_EQ(batch_.Receive(listener_.get(), 0, 1), 1);
  EXPECT_EQ(batch_.Receive(listener_.get(), 1, 2), 2);
  EXPECT_EQ(batch_.Receive(listener_.get(), 3, 64), 1);
  EXPECT_EQ(batch_.Receive(listener_.get(), 4, 1), 0);
  EXPECT_EQ(batch_.Receive(-1, 4, 1), -EBADF);
  std::string texts;
  for (unsigned slot = 0; slot < 4; ++slot) {
    texts += Text(batch_.At(slot));
    EXPECT_EQ(batch_.At(slot).source, LocalAddress(client_.get()));
    EXPECT_EQ(batch_.At(slot).local.ToString(), "127.0.0.1");
  }
  EXPECT_EQ(texts, "abcd");
}

TEST_F(RecvBatchTest, EverySlotCanBeFilledAgain) {
  Listen("0.0.0.0:0");
  struct Round {
    unsigned first;
    unsigned most;
    int count;
  };
  constexpr Round kRounds[] = {{0, 64, 5}, {0, 1, 1}, {1, 64, 7}, {0, 2, 2}, {2, 3, 3}, {0, 64, 9}};
  for (const auto& [first, most, count] : kRounds) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), "x"));
    ASSERT_EQ(batch_.Receive(listener_.get(), first, most), count);
    for (unsigned slot = first; slot < first + static_cast<unsigned>(count); ++slot) {
      EXPECT_EQ(batch_.Source(slot), LocalAddress(client_.get()));
      EXPECT_EQ(batch_.At(slot).local.ToString(), "127.0.0.1");
    }
  }
}

TEST_F(RecvBatchTest, EmptyAndLargestDatagrams) {
  Listen("127.0.0.1:0");
  const std::string largest(65'507, 'z');
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), ""));
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.1"), largest));
  ASSERT_EQ(batch_.Receive(listener_.get()), 2);
  EXPECT_EQ(Text(batch_.At(0)), "");
  EXPECT_EQ(Text(batch_.At(1)), largest);
}

TEST_F(RecvBatchTest, TakesApartWhatTheKernelCoalesced) {
  Listen("0.0.0.0:0");
  const int segment = 100;
  ASSERT_EQ(::setsockopt(client_.get(), SOL_UDP, UDP_SEGMENT, &segment, sizeof segment), 0);
  const std::string text = std::string(100, 'a') + std::string(100, 'b') + "c";
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.2"), text));
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.2"), "alone"));
  ASSERT_EQ(batch_.Receive(listener_.get()), 2);
  std::vector<std::string> texts;
  for (unsigned slot = 0; slot < 2; ++slot) {
    batch_.Each(slot, [&](const Datagram& datagram) {
      texts.push_back(Text(datagram));
      EXPECT_EQ(datagram.source, LocalAddress(client_.get()));
      EXPECT_EQ(datagram.local.ToString(), "127.0.0.2");
    });
  }
  EXPECT_EQ(texts,
            (std::vector<std::string>{std::string(100, 'a'), std::string(100, 'b'), "c", "alone"}));
}

TEST_F(RecvBatchTest, WildcardsTellTheLocalAddress) {
  Listen("0.0.0.0:0");
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.2"), "x"));
  ASSERT_EQ(batch_.Receive(listener_.get()), 1);
  EXPECT_EQ(batch_.At(0).local.ToString(), "127.0.0.2");
}

TEST_F(RecvBatchTest, DualStackTellsBothKindsOfAddress) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  Listen("[::]:0");
  const UniqueFd v6 = BoundSocket(At("[::1]:0"));
  ASSERT_TRUE(SendTo(client_.get(), To("127.0.0.3"), "x"));
  ASSERT_TRUE(SendTo(v6.get(), To("::1"), "y"));
  ASSERT_EQ(batch_.Receive(listener_.get()), 2);
  EXPECT_EQ(batch_.At(0).local.ToString(), "127.0.0.3");
  EXPECT_EQ(batch_.At(0).source, LocalAddress(client_.get())) << "one identity in both families";
  EXPECT_EQ(batch_.At(1).local.ToString(), "::1");
  EXPECT_EQ(batch_.At(1).source, LocalAddress(v6.get()));
}

}  // namespace
}  // namespace stevedore::net
