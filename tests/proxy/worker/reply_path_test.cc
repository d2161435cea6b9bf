#include "proxy/worker/reply_path.h"

#include <atomic>

#include "tests/proxy/worker/rig.h"

namespace stevedore::worker {
namespace {

using runtime::DownDrop;

class ReplyPathTest : public testing::Test {
 protected:
  ReplyPathTest() {
    config_.upstreams = {MakeUpstream("u", {PeerAt(peer_)})};
    config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
    to_ = ListenerAddress(config_.listeners[0]);
  }
  UniqueFd client_ = BoundSocket(At("127.0.0.1:0"));
  UniqueFd peer_ = BoundSocket(At("127.0.0.1:0"));
  config::ProxyConfig config_;
  config::SocketAddress to_;
};

TEST_F(ReplyPathTest, ManyRepliesOfManySessionsKeepTheirOrder) {
  Rig rig;
  rig.Load(config_);
  constexpr int kClients = 5;
  constexpr int kReplies = 100;
  std::vector<UniqueFd> clients;
  std::vector<config::SocketAddress> ports;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(BoundSocket(At("127.0.0.1:0")));
    ports.push_back(Exchange(clients.back(), to_, peer_));
  }
  for (int n = 0; n < kReplies; ++n)
    for (const auto& port : ports) ASSERT_TRUE(SendTo(peer_.get(), port, std::to_string(n)));
  for (const UniqueFd& client : clients) {
    for (int n = 0; n < kReplies; ++n) {
      const auto reply = ReceiveFrom(client.get());
      ASSERT_TRUE(reply);
      ASSERT_EQ(reply->text, std::to_string(n));
    }
  }
  EXPECT_TRUE(rig.Conserves(kClients));
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.client_out.datagrams.Get(); }),
            std::uint64_t{kClients} * (kReplies + 1));
}

TEST_F(ReplyPathTest, TooLongRepliesAreDropped) {
  config_.listeners[0].max_datagram_bytes = 512;
  Rig rig;
  rig.Load(config_);
  const auto port = Exchange(client_, to_, peer_);
  ASSERT_TRUE(SendTo(peer_.get(), port, std::string(513, 'x')));
  ASSERT_TRUE(SendTo(peer_.get(), port, std::string(512, 'y')));
  EXPECT_EQ(ReceiveFrom(client_.get())->text, std::string(512, 'y'));
  EXPECT_TRUE(rig.Conserves(1));
  EXPECT_EQ(rig.Dropped("l", DownDrop::kTruncated), 1u);
}

TEST_F(ReplyPathTest, RepliesAreBoundedUntilTheClientHasAnswered) {
  config_.listeners[0].session.max_reply_ratio = 2;
  Rig rig;
  rig.Load(config_);
  ASSERT_TRUE(SendTo(client_.get(), to_, std::string(100, 'q')));
  const auto request = ReceiveFrom(peer_.get());
  ASSERT_TRUE(request);
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(SendTo(peer_.get(), request->source, std::string(100, 'r')));
  ASSERT_TRUE(Eventually([&] { return rig.Dropped("l", DownDrop::kReplyLimit) == 3; }))
      << "100 * 2 + 1500 bytes are 17 replies";
  for (int i = 0; i < 17; ++i) ASSERT_TRUE(ReceiveFrom(client_.get()));
  EXPECT_FALSE(ReceiveFrom(client_.get(), 0));
  ASSERT_TRUE(SendTo(client_.get(), to_, "an answer"));
  ASSERT_TRUE(ReceiveFrom(peer_.get()));
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(SendTo(peer_.get(), request->source, std::string(100, 's')));
    ASSERT_TRUE(ReceiveFrom(client_.get()));
  }
  EXPECT_TRUE(rig.Conserves(2));
  EXPECT_EQ(rig.Dropped("l", DownDrop::kReplyLimit), 3u);
}

TEST_F(ReplyPathTest, AnotherPortOfThePeerIsAStranger) {
  Rig rig;
  rig.Load(config_);
  const auto port = Exchange(client_, to_, peer_);
  const UniqueFd other_port = BoundSocket(At("127.0.0.1:0"));
  const UniqueFd other_address =
      BoundSocket({*config::IpAddress::Parse("127.0.0.2"), LocalAddress(peer_.get()).port});
  ASSERT_TRUE(SendTo(other_port.get(), port, "x"));
  ASSERT_TRUE(SendTo(other_address.get(), port, "x"));
  EXPECT_TRUE(Eventually([&] { return rig.Dropped("", DownDrop::kUnknownReply) == 2; }));
  EXPECT_FALSE(ReceiveFrom(client_.get(), 0));
  EXPECT_TRUE(rig.Conserves(1));
}

// As TFTP does: the answer comes from a port of the peer's choice, and the session goes on there.
TEST_F(ReplyPathTest, FollowsThePeersPortUntilARestart) {
  config_.upstreams[0].follow_reply_port.emplace();
  config_.upstreams[0].follow_reply_port->restart = {{0, 2, config::Operator::kEqual, "0x0001"}};
  Rig rig;
  rig.Load(config_);
  const std::string request("\0\1file", 6);
  ASSERT_TRUE(SendTo(client_.get(), to_, request));
  const auto first = ReceiveFrom(peer_.get());
  ASSERT_TRUE(first);
  const UniqueFd transfer = BoundSocket(At("127.0.0.1:0"));
  ASSERT_TRUE(SendTo(transfer.get(), first->source, "block 1"));
  const auto block = ReceiveFrom(client_.get());
  ASSERT_TRUE(block);
  EXPECT_EQ(block->source, to_);
  EXPECT_EQ(Exchange(client_, to_, transfer, "ack 1"), first->source);
  const UniqueFd elsewhere = BoundSocket(At("127.0.0.2:0"));
  ASSERT_TRUE(SendTo(elsewhere.get(), first->source, "x"));
  EXPECT_TRUE(Eventually([&] { return rig.Dropped("", DownDrop::kUnknownReply) == 1; }));
  EXPECT_EQ(Exchange(client_, to_, peer_, request), first->source) << "a new request";
  const UniqueFd other = BoundSocket(At("127.0.0.1:0"));
  EXPECT_NE(Exchange(other, to_, peer_, request), first->source);
  EXPECT_TRUE(rig.Conserves(4));
}

TEST_F(ReplyPathTest, AnUnreachablePeerIsNoted) {
  const UniqueFd alive = BoundSocket(At("127.0.0.1:0"));
  config_.upstreams[0].peers.push_back(PeerAt(alive));
  config_.upstreams[0].affinity = config::Affinity::kNone;
  peer_.reset();
  Rig rig;
  rig.Load(config_);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(SendTo(client_.get(), to_, "x"));
  ASSERT_TRUE(ReceiveFrom(alive.get()));
  const auto& peers = rig.snapshot().peers;
  EXPECT_TRUE(Eventually([&] { return peers[0].health->unreachable_at.load() != 0; }));
  EXPECT_EQ(peers[1].health->unreachable_at.load(), 0);
  EXPECT_TRUE(peers[0].health->passing.load()) << "a hint for the prober, nothing more";
  EXPECT_TRUE(rig.Conserves(2));
}

TEST_F(ReplyPathTest, AReplyToAClientThatIsGoneIsSentAllTheSame) {
  Rig rig;
  rig.Load(config_);
  const auto port = Exchange(client_, to_, peer_);
  client_.reset();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(SendTo(peer_.get(), port, "x"));
  EXPECT_TRUE(Eventually([&] {
    return rig.Sum("l", [](const auto& c) { return c.client_out.datagrams.Get(); }) == 4;
  }));
  EXPECT_TRUE(rig.Conserves(1));
}

}  // namespace
}  // namespace stevedore::worker
