#include "proxy/net/send_batch.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/proxy/net/sockets.h"

namespace stevedore::net {
namespace {

std::span<const std::uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class SendBatchTest : public testing::Test {
 protected:
  unsigned Add(int fd, const SocketAddress& to, const std::string& text,
               const IpAddress& from = {}) {
    texts_.push_back(std::make_unique<std::string>(text));
    return batch_.Add(fd, Family(fd), to, from, Bytes(*texts_.back()));
  }
  std::string Next() { return ReceiveFrom(peer_.get())->text; }

  UniqueFd peer_ = BoundSocket(At("127.0.0.1:0"));
  SocketAddress peer_address_ = LocalAddress(peer_.get());
  UniqueFd a_ = std::move(*OpenPoolSocket(true));
  UniqueFd b_ = std::move(*OpenPoolSocket(true));
  std::vector<std::unique_ptr<std::string>> texts_;
  SendBatch batch_;
};

TEST_F(SendBatchTest, OneSystemCallPerSocketAndOrderKept) {
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(Add(i % 2 == 0 ? a_.get() : b_.get(), peer_address_, std::to_string(i)),
              static_cast<unsigned>(i));
  EXPECT_EQ(batch_.size(), SendBatch::kItems);
  batch_.Flush();
  EXPECT_EQ(batch_.size(), 0u);
  EXPECT_EQ(batch_.system_calls(), 2u);
  for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(batch_.error(i), 0);
  for (int i = 0; i < 64; i += 2) EXPECT_EQ(Next(), std::to_string(i));
  for (int i = 1; i < 64; i += 2) EXPECT_EQ(Next(), std::to_string(i));
}

TEST_F(SendBatchTest, AFailingItemStopsNobody) {
  const SocketAddress broadcast = At("255.255.255.255:9");  // needs SO_BROADCAST: EACCES
  Add(a_.get(), broadcast, "x");
  Add(a_.get(), peer_address_, "1");
  Add(a_.get(), {peer_address_.ip, 0}, "x");
  Add(a_.get(), broadcast, "x");
  Add(a_.get(), peer_address_, "2");
  Add(b_.get(), peer_address_, "3");
  Add(a_.get(), peer_address_, std::string(65'536, 'x'));
  Add(a_.get(), peer_address_, "4");
  Add(b_.get(), broadcast, "x");
  batch_.Flush();
  const int errors[] = {EACCES, 0, EINVAL, EACCES, 0, 0, EMSGSIZE, 0, EACCES};
  for (unsigned i = 0; i < std::size(errors); ++i) EXPECT_EQ(batch_.error(i), errors[i]) << i;
  for (const char* text : {"1", "2", "4", "3"}) EXPECT_EQ(Next(), text);
  EXPECT_FALSE(Readable(peer_.get(), 0));
}

TEST_F(SendBatchTest, ErrorsDoNotStickToTheNextBatch) {
  Add(a_.get(), {peer_address_.ip, 0}, "x");
  batch_.Flush();
  ASSERT_NE(batch_.error(0), 0);
  Add(a_.get(), peer_address_, "");
  batch_.Flush();
  EXPECT_EQ(batch_.error(0), 0);
  EXPECT_EQ(Next(), "");
}

TEST_F(SendBatchTest, LeavesFromTheAddressThatIsAsked) {
  Add(a_.get(), peer_address_, "x", *IpAddress::Parse("127.0.0.7"));
  Add(a_.get(), peer_address_, "y");
  batch_.Flush();
  EXPECT_EQ(ReceiveFrom(peer_.get())->source.ToString(),
            "127.0.0.7:" + std::to_string(LocalPort(a_.get())));
  EXPECT_EQ(ReceiveFrom(peer_.get())->source.ip.ToString(), "127.0.0.1");
}

TEST_F(SendBatchTest, DualStackSocketsSendBothKinds) {
  if (!HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  auto group = OpenListenerGroup(At("[::]:0"), 1);
  ASSERT_TRUE(group);
  const int fd = group->front().get();
  const UniqueFd v6 = BoundSocket(At("[::1]:0"));
  Add(fd, peer_address_, "x", *IpAddress::Parse("127.0.0.7"));
  Add(fd, LocalAddress(v6.get()), "y", *IpAddress::Parse("::1"));
  batch_.Flush();
  EXPECT_EQ(batch_.error(0), 0);
  EXPECT_EQ(batch_.error(1), 0);
  EXPECT_EQ(ReceiveFrom(peer_.get())->source.ip.ToString(), "127.0.0.7");
  EXPECT_EQ(ReceiveFrom(v6.get())->source.ip.ToString(), "::1");
}

}  // namespace
}  // namespace stevedore::net
