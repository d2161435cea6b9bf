#include "proxy/net/send_batch.h"

#include <gtest/gtest.h>
#include <netinet/udp.h>

#include <algorithm>
#include <memory>

#include "proxy/net/recv_batch.h"
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

// What arrives as one piece at a socket that coalesces: the sizes of its datagrams.
class SegmentedSendTest : public SendBatchTest {
 protected:
  SegmentedSendTest() {
    const int on = 1;
    EXPECT_EQ(::setsockopt(peer_.get(), SOL_UDP, UDP_GRO, &on, sizeof on), 0);
  }
  std::vector<std::vector<std::size_t>> Pieces() {
    std::vector<std::vector<std::size_t>> pieces;
    const int count = in_.Receive(peer_.get());
    for (unsigned slot = 0; slot < static_cast<unsigned>(std::max(count, 0)); ++slot) {
      pieces.emplace_back();
      in_.Each(slot, [&](const Datagram& d) { pieces.back().push_back(d.bytes.size()); });
    }
    return pieces;
  }
  using Sizes = std::vector<std::vector<std::size_t>>;

  RecvBatch in_;
};

TEST_F(SegmentedSendTest, NeighboursOfOneSizeLeaveTogether) {
  for (int i = 0; i < 16; ++i) Add(a_.get(), peer_address_, std::string(1200, 'x'));
  batch_.Flush();
  EXPECT_EQ(batch_.system_calls(), 1u);
  EXPECT_EQ(Pieces(), (Sizes{std::vector<std::size_t>(16, 1200)}));
}

TEST_F(SegmentedSendTest, TheLastMayBeShorterAndNothingElse) {
  for (const std::size_t size : {100u, 100u, 40u, 100u, 100u, 200u, 0u, 7u})
    Add(a_.get(), peer_address_, std::string(size, 'x'));
  batch_.Flush();
  EXPECT_EQ(batch_.system_calls(), 1u);
  EXPECT_EQ(Pieces(), (Sizes{{100, 100, 40}, {100, 100}, {200}, {0}, {7}}));
}

TEST_F(SegmentedSendTest, WhatLiesSideBySideKeepsItsEdges) {
  const std::string all = std::string(100, 'a') + std::string(100, 'b') + std::string(40, 'c');
  const std::string apart(100, 'd');
  const auto bytes = Bytes(all);
  for (const auto& piece : {bytes.first(100), bytes.subspan(100, 100), Bytes(apart),
                            bytes.first(100), bytes.subspan(200)})
    batch_.Add(a_.get(), AF_INET, peer_address_, {}, piece);
  batch_.Flush();
  EXPECT_EQ(batch_.system_calls(), 1u);
  ASSERT_EQ(Pieces(), (Sizes{{100, 100, 100, 100, 40}}));
  std::string order;
  in_.Each(0, [&](const Datagram& d) {
    EXPECT_EQ(std::count(d.bytes.begin(), d.bytes.end(), d.bytes[0]),
              static_cast<std::ptrdiff_t>(d.bytes.size()));
    order += static_cast<char>(d.bytes[0]);
  });
  EXPECT_EQ(order, "abdac");
}

TEST_F(SegmentedSendTest, NeverMoreThanADatagramHolds) {
  for (int i = 0; i < 5; ++i) Add(a_.get(), peer_address_, std::string(20'000, 'x'));
  batch_.Flush();
  EXPECT_EQ(Pieces(), (Sizes{{20'000, 20'000, 20'000}, {20'000, 20'000}}));
}

TEST_F(SegmentedSendTest, AnotherAddressOnEitherSideEndsARun) {
  const UniqueFd other = BoundSocket(At("127.0.0.1:0"));
  const IpAddress from = *IpAddress::Parse("127.0.0.7");
  for (int i = 0; i < 2; ++i) Add(a_.get(), peer_address_, "from anywhere");
  for (int i = 0; i < 2; ++i) Add(a_.get(), peer_address_, "from there one", from);
  Add(a_.get(), LocalAddress(other.get()), "to the other", from);
  Add(a_.get(), peer_address_, "from there one", from);
  batch_.Flush();
  EXPECT_EQ(Pieces(), (Sizes{{13, 13}, {14, 14}, {14}}));
  EXPECT_EQ(in_.At(0).source.ip.ToString(), "127.0.0.1");
  EXPECT_EQ(in_.At(1).source.ip.ToString(), "127.0.0.7");
  EXPECT_EQ(ReceiveFrom(other.get())->text, "to the other");
}

TEST_F(SegmentedSendTest, WhereSegmentsAreRefusedTheyGoOneByOneFromThenOn) {
  const int on = 1;
  // udp(7): without checksums there is no segmented send, EINVAL.
  ASSERT_EQ(::setsockopt(a_.get(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
  for (const std::uint64_t calls : {4u, 5u}) {
    for (int i = 0; i < 3; ++i) Add(a_.get(), peer_address_, std::string(50, 'x'));
    batch_.Flush();
    EXPECT_EQ(batch_.system_calls(), calls) << "the refusal and three, then one for all";
    for (unsigned i = 0; i < 3; ++i) EXPECT_EQ(batch_.error(i), 0);
    EXPECT_EQ(Pieces(), (Sizes{{50}, {50}, {50}}));
  }
}

TEST_F(SegmentedSendTest, AnIcmpErrorOfAnotherDatagramCostsNothing) {
  SocketAddress nobody;
  {
    const UniqueFd gone = BoundSocket(At("127.0.0.1:0"));
    nobody = LocalAddress(gone.get());
  }
  Add(a_.get(), nobody, "x");
  batch_.Flush();
  for (int i = 0; i < 4; ++i) Add(a_.get(), peer_address_, "after it");
  batch_.Flush();
  for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(batch_.error(i), 0);
  EXPECT_EQ(Pieces().size(), 4u);
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
