#include "proxy/worker/worker.h"

#include <set>

#include "tests/proxy/worker/rig.h"
#include "tests/proxy/worker/spoof.h"

namespace stevedore::worker {
namespace {

using runtime::DownDrop;
using runtime::SessionEnd;
using runtime::UpDrop;

class WorkerTest : public testing::Test {
 protected:
  UniqueFd client_ = BoundSocket(At("127.0.0.1:0"));
  UniqueFd a_ = BoundSocket(At("127.0.0.1:0"));
  UniqueFd b_ = BoundSocket(At("127.0.0.1:0"));
  config::ProxyConfig config_;
};

TEST_F(WorkerTest, EchoThroughAndBack) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
  Rig rig;
  rig.Load(config_);
  const auto to = ListenerAddress(config_.listeners[0]);
  const auto seen = Exchange(client_, to, a_);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(Exchange(client_, to, a_, std::to_string(i)), seen);
  const UniqueFd other = BoundSocket(At("127.0.0.1:0"));
  EXPECT_NE(Exchange(other, to, a_), seen) << "a peer tells clients apart by their port";
  EXPECT_TRUE(rig.Conserves(22));
  EXPECT_TRUE(Eventually([&] { return rig.pool().Gauges()[0].sessions == 2; }));
  EXPECT_EQ(rig.pool().Gauges()[0].pool_sockets, 2u);
}

TEST_F(WorkerTest, EmptyAndLargestDatagrams) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
  Rig rig;
  rig.Load(config_);
  const auto to = ListenerAddress(config_.listeners[0]);
  ASSERT_TRUE(SendTo(client_.get(), to, ""));
  const auto empty = ReceiveFrom(a_.get());
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->text, "");
  ASSERT_TRUE(SendTo(a_.get(), empty->source, ""));
  EXPECT_EQ(ReceiveFrom(client_.get())->text, "");
  const std::string largest(65'507, 'z');
  ASSERT_TRUE(SendTo(client_.get(), to, largest));
  EXPECT_EQ(ReceiveFrom(a_.get())->text, largest);
  ASSERT_TRUE(SendTo(a_.get(), empty->source, largest));
  EXPECT_EQ(ReceiveFrom(client_.get())->text, largest);
  EXPECT_TRUE(rig.Conserves(2));
}

TEST_F(WorkerTest, RepliesLeaveFromTheAddressThatTheClientUsed) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "0.0.0.0", "u")};
  Rig rig;
  rig.Load(config_);
  const auto one = Exchange(client_, ListenerAddress(config_.listeners[0], "127.0.0.2"), a_);
  const auto two = Exchange(client_, ListenerAddress(config_.listeners[0], "127.0.0.1"), a_);
  EXPECT_NE(one, two) << "two addresses, two sessions";
  EXPECT_EQ(Exchange(client_, ListenerAddress(config_.listeners[0], "127.0.0.2"), a_), one);
  EXPECT_TRUE(rig.Conserves(3));
}

TEST_F(WorkerTest, BothFamiliesOnBothSides) {
  if (!net::HasIpv6()) GTEST_SKIP() << "no IPv6 on loopback";
  const UniqueFd client6 = BoundSocket(At("[::1]:0"));
  const UniqueFd peer6 = BoundSocket(At("[::1]:0"));
  config_.upstreams = {MakeUpstream("v4", {PeerAt(a_)}), MakeUpstream("v6", {PeerAt(peer6)})};
  config_.listeners = {MakeListener("dual", "::", "v4"), MakeListener("six", "::1", "v6")};
  config_.listeners[0].rules = {{"r", {{0, 1, config::Operator::kEqual, "0x36"}}, "v6"}};
  Rig rig;
  rig.Load(config_);
  const config::Listener& dual = config_.listeners[0];
  Exchange(client_, ListenerAddress(dual, "127.0.0.1"), a_, "4 to 4");
  Exchange(client_, ListenerAddress(dual, "127.0.0.5"), peer6, "6 from 4");
  Exchange(client6, ListenerAddress(dual, "::1"), a_, "4 from 6");
  Exchange(client6, ListenerAddress(dual, "::1"), peer6, "6 to 6");
  Exchange(client6, ListenerAddress(config_.listeners[1]), peer6, "concrete");
  EXPECT_TRUE(rig.Conserves(5));
}

TEST_F(WorkerTest, AStrangersReplyIsUnknown) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
  Rig rig;
  rig.Load(config_);
  const auto seen = Exchange(client_, ListenerAddress(config_.listeners[0]), a_);
  ASSERT_TRUE(SendTo(b_.get(), seen, "evil"));
  EXPECT_TRUE(Eventually([&] { return rig.Dropped("", DownDrop::kUnknownReply) == 1; }));
  EXPECT_FALSE(ReceiveFrom(client_.get(), 0));
  EXPECT_TRUE(rig.Conserves(1));
}

TEST_F(WorkerTest, ForgedSourcesAreDroppedBeforeAnySession) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "0.0.0.0", "u"), MakeListener("m", "127.0.0.1", "u")};
  Rig rig;
  rig.Load(config_);
  const auto to = ListenerAddress(config_.listeners[0], "127.0.0.1");
  const auto pool_port = Exchange(client_, to, a_);
  if (!SendForged(to, to)) GTEST_SKIP() << "needs raw sockets";
  ASSERT_TRUE(SendForged(pool_port, to));
  ASSERT_TRUE(SendForged(ListenerAddress(config_.listeners[1]), to));
  ASSERT_TRUE(SendForged(At("127.0.0.1:0"), to));
  ASSERT_TRUE(SendForged(At("127.0.0.9:4242"), to));  // forged, and yet it could be a client
  EXPECT_TRUE(rig.Conserves(6));
  EXPECT_EQ(rig.Dropped("l", UpDrop::kBadSource), 4u);
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.sessions_created.Get(); }), 2u);
}

TEST_F(WorkerTest, AReloadKeepsSessionsAndTheirPorts) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)}), MakeUpstream("w", {PeerAt(b_)})};
  config_.listeners = {MakeListener("stays", "127.0.0.1", "u"),
                       MakeListener("goes", "127.0.0.1", "w")};
  Rig rig;
  rig.Load(config_);
  const auto stays = ListenerAddress(config_.listeners[0]);
  const auto goes = ListenerAddress(config_.listeners[1]);
  const auto seen = Exchange(client_, stays, a_);
  const auto old = Exchange(client_, goes, b_);
  const auto goes_stats = rig.snapshot().listeners[1].stats;

  // Another listener instead, another peer before the one in use, upstreams in another order.
  config_.listeners = {MakeListener("comes", "127.0.0.1", "w"), config_.listeners[0]};
  const UniqueFd c = BoundSocket(At("127.0.0.1:0"));
  config_.upstreams = {MakeUpstream("w", {PeerAt(b_)}), MakeUpstream("u", {PeerAt(c), PeerAt(a_)})};
  rig.Load(config_);
  EXPECT_EQ(Exchange(client_, stays, a_), seen);
  Exchange(client_, ListenerAddress(config_.listeners[0]), b_);
  EXPECT_EQ(goes_stats->of(0).sessions_ended[static_cast<std::size_t>(SessionEnd::kRemoved)].Get(),
            1u);
  ASSERT_TRUE(SendTo(b_.get(), old, "late"));
  EXPECT_TRUE(Eventually([&] { return rig.Dropped("", DownDrop::kUnknownReply) == 1; }));

  // Its peer leaves the config: the client moves, and comes from the same port no more.
  config_.upstreams[1].peers.pop_back();
  rig.Load(config_);
  Exchange(client_, stays, c);
  // The old peer's late answer still finds its client.
  ASSERT_TRUE(SendTo(a_.get(), seen, "late"));
  const auto late = ReceiveFrom(client_.get());
  ASSERT_TRUE(late);
  EXPECT_EQ(late->text, "late");
  EXPECT_TRUE(rig.Conserves(4)) << "the removed listener's counts are its own";
}

TEST_F(WorkerTest, APoolSocketInTheWayOfAListenerIsRetired) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
  Rig rig;
  rig.Load(config_);
  const auto seen = Exchange(client_, ListenerAddress(config_.listeners[0]), a_);
  config_.listeners.push_back(MakeListener("new", "127.0.0.1", "u"));
  config_.listeners[1].port = seen.port;
  rig.Load(config_);
  EXPECT_EQ(rig.snapshot().listeners[1].sockets, nullptr) << "the port is still the pool's";
  rig.Bind();
  rig.Publish();
  ASSERT_NE(rig.snapshot().listeners[1].sockets, nullptr) << "retired when the workers heard of it";
  Exchange(client_, ListenerAddress(config_.listeners[1]), a_);
  EXPECT_NE(Exchange(client_, ListenerAddress(config_.listeners[0]), a_).port, seen.port);
  EXPECT_TRUE(rig.Conserves(3));
}

TEST_F(WorkerTest, WhatWasReceivedIsForwardedBeforeTheEnd) {
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
  Rig rig;
  rig.Load(config_);
  for (int i = 0; i < 150; ++i)
    ASSERT_TRUE(SendTo(client_.get(), ListenerAddress(config_.listeners[0]), "x"));
  rig.StopWorkers();
  EXPECT_TRUE(rig.Conserves(150));
  int got = 0;
  while (ReceiveFrom(a_.get(), 0)) ++got;
  EXPECT_EQ(got, 150);
}

TEST_F(WorkerTest, SnapshotsWithoutListenersAndWithUnboundOnes) {
  Rig rig;
  rig.Load({});
  const UniqueFd holder = BoundSocket(At("127.0.0.1:0"));
  config_.upstreams = {MakeUpstream("u", {PeerAt(a_)})};
  config_.listeners = {MakeListener("taken", "127.0.0.1", "u"),
                       MakeListener("free", "127.0.0.1", "u")};
  config_.listeners[0].port = LocalAddress(holder.get()).port;
  rig.Load(config_);
  EXPECT_EQ(rig.snapshot().listeners[0].sockets, nullptr);
  Exchange(client_, ListenerAddress(config_.listeners[1]), a_);
  rig.Load({});
  ASSERT_TRUE(SendTo(client_.get(), ListenerAddress(config_.listeners[1]), "x"));
  EXPECT_FALSE(ReceiveFrom(a_.get(), 50)) << "the listener is gone";
  EXPECT_TRUE(rig.Conserves(0));
}

}  // namespace
}  // namespace stevedore::worker
