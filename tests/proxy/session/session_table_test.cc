#include "proxy/session/session_table.h"

#include <set>

#include "tests/proxy/session/table_fixture.h"

namespace stevedore::session {
namespace {

using runtime::PeerId;
using runtime::SessionEnd;

class SessionTableTest : public TableFixture {
 protected:
  SessionTableTest() {
    AddListener(0, Limits());
    AddPeer(0, "127.0.0.1:7000");
    AddPeer(1, "127.0.0.1:7001");
    AddPeer(2, "127.0.0.1:7000", 1);  // the first one's address, in another upstream
    AddPeer(3, "[::1]:7000");
    Make(64, 16);
  }
};

TEST_F(SessionTableTest, FindsWhatItCreated) {
  EXPECT_FALSE(Has(1));
  const SessionIndex a = Create(1, 0);
  const SessionIndex b = Create(1, 1);
  const SessionIndex c = Create(2, 0);
  EXPECT_EQ(table_->size(), 3u);
  EXPECT_EQ(table_->Find(Key(1), PeerId{0}), a);
  EXPECT_EQ(table_->Find(Key(1), PeerId{1}), b);
  EXPECT_EQ(table_->Find(Key(2), PeerId{0}), c);
  FlowKey other = Key(1);
  other.local = *config::IpAddress::Parse("127.0.0.2");
  EXPECT_EQ(table_->Find(other, PeerId{0}), kNoSession);
  other = Key(1);
  other.client.port = 5001;
  EXPECT_EQ(table_->Find(other, PeerId{0}), kNoSession);
  EXPECT_FALSE(Has(1, 0, 7));
  EXPECT_EQ(table_->AddressOf((*table_)[b]).port, 7001);
  EXPECT_EQ(snapshots_[0]->listeners[0].stats->of(0).sessions_created.Get(), 3u);
}

TEST_F(SessionTableTest, RepliesAreFoundByPortAndPeer) {
  const SessionIndex a = Create(1, 0);
  const SessionIndex b = Create(2, 0);
  const SessionIndex c = Create(1, 1);
  const SessionIndex d = Create(1, 3);
  const auto slot = [this](SessionIndex i) { return (*table_)[i].port_slot; };
  const auto at = [](const char* text) { return *config::SocketAddress::Parse(text); };
  EXPECT_NE(slot(a), slot(b)) << "one client per port and peer";
  EXPECT_EQ(table_->FindReply(true, slot(a), at("127.0.0.1:7000")), a);
  EXPECT_EQ(table_->FindReply(true, slot(b), at("127.0.0.1:7000")), b);
  EXPECT_EQ(table_->FindReply(true, slot(c), at("127.0.0.1:7001")), c);
  EXPECT_EQ(table_->FindReply(false, slot(d), at("[::1]:7000")), d);
  EXPECT_EQ(table_->FindReply(true, slot(d), at("[::1]:7000")), kNoSession);
  EXPECT_EQ(table_->FindReply(true, slot(b), at("127.0.0.1:7001")), kNoSession);
  EXPECT_EQ(table_->FindReply(true, slot(a), at("127.0.0.1:7009")), kNoSession);
  EXPECT_EQ(table_->FindReply(true, 15, at("127.0.0.1:7000")), kNoSession);
  EXPECT_EQ(&table_->PoolOf((*table_)[a]), v4_.get());
  EXPECT_EQ(&table_->PoolOf((*table_)[d]), v6_.get());
}

TEST_F(SessionTableTest, UpstreamsWithTheSamePeerShareItsSessions) {
  std::set<std::uint32_t> slots;
  for (std::uint32_t client = 0; client < 8; ++client) {
    const SessionIndex index = Create(client, client % 2 == 0 ? 0 : 2);
    EXPECT_EQ(table_->Find(Key(client), PeerId{0}), index);
    EXPECT_EQ(table_->Find(Key(client), PeerId{2}), index);
    slots.insert((*table_)[index].port_slot);
  }
  EXPECT_EQ(slots.size(), 8u);
  EXPECT_EQ(v4_->open_sockets(), 8u);
  for (std::uint32_t client = 0; client < 8; ++client) Create(client, 1);
  EXPECT_EQ(v4_->open_sockets(), 8u) << "another peer is reached from the same ports";
}

TEST_F(SessionTableTest, EmbryonicSessionsEndAfterTheirTimeout) {
  Create(1);
  Pass(9 * kSecond);
  EXPECT_TRUE(Has(1));
  Pass(kSecond);
  EXPECT_FALSE(Has(1));
  EXPECT_EQ(Ended(SessionEnd::kIdle), 1u);
}

TEST_F(SessionTableTest, AOneWayFlowLivesWhileItSends) {
  const SessionIndex a = Create(1);
  for (int i = 0; i < 30; ++i) {
    Pass(9 * kSecond);
    ASSERT_TRUE(Has(1));
    table_->OnClient(a, PeerId{0}, now_);
    ASSERT_EQ((*table_)[a].session_class, SessionClass::kEmbryonic);
  }
}

TEST_F(SessionTableTest, ClassesAdvanceByReplyAndAnswer) {
  const SessionIndex a = Create(1);
  table_->OnClient(a, PeerId{0}, now_);
  EXPECT_EQ((*table_)[a].session_class, SessionClass::kEmbryonic);
  table_->OnReply(a, now_);
  EXPECT_EQ((*table_)[a].session_class, SessionClass::kReplied);
  table_->OnReply(a, now_);
  EXPECT_EQ((*table_)[a].session_class, SessionClass::kReplied);
  table_->OnClient(a, PeerId{0}, now_);
  EXPECT_EQ((*table_)[a].session_class, SessionClass::kAssured);
}

TEST_F(SessionTableTest, RepliedSessionsHaveTheIdleTimeout) {
  MakeReplied(Create(1));
  MakeAssured(Create(2));
  Pass(59 * kSecond);
  EXPECT_TRUE(Has(1) && Has(2));
  Pass(kSecond);
  EXPECT_FALSE(Has(1) || Has(2));
}

TEST_F(SessionTableTest, RepliesAloneKeepASessionForALimitedTime) {
  const SessionIndex a = Create(1);
  MakeAssured(a);
  const Tick last_client = now_;
  while (now_ < last_client + 655 * kSecond) {
    Pass(5 * kSecond);
    ASSERT_TRUE(Has(1)) << (now_ - last_client) / kSecond;
    table_->OnReply(a, now_);
  }
  Pass(5 * kSecond);
  EXPECT_FALSE(Has(1)) << "600 s of replies and 60 s of idling";
}

TEST_F(SessionTableTest, AnIdleTimeoutShorterThanTheEmbryonicOneHolds) {
  next_.listeners[0].session.idle_timeout = 2;
  Apply();
  MakeReplied(Create(1));
  Pass(2 * kSecond);
  EXPECT_FALSE(Has(1));
}

TEST_F(SessionTableTest, TimeoutsLongerThanTheWheel) {
  next_.listeners[0].session.idle_timeout = 5000;
  Apply();
  MakeAssured(Create(1));
  for (Tick passed = 0; passed < 4990; passed += 10) Pass(10 * kSecond);
  EXPECT_TRUE(Has(1));
  Pass(10 * kSecond);
  EXPECT_FALSE(Has(1));
}

TEST_F(SessionTableTest, SessionsOfARemovedListenerEnd) {
  AddListener(1, Limits());
  Apply();
  Create(1, 0, 0);
  Create(1, 0, 1);
  Create(2, 0, 1);
  next_.listener_by_id[1] = runtime::Snapshot::kNoListener;
  next_.listeners.pop_back();
  const auto stats = snapshots_.back()->listeners[1].stats;
  Apply();
  EXPECT_EQ(table_->size(), 1u);
  EXPECT_TRUE(Has(1, 0, 0));
  EXPECT_FALSE(Has(1, 0, 1));
  EXPECT_EQ(stats->of(0).sessions_ended[static_cast<std::size_t>(SessionEnd::kRemoved)].Get(), 2u);
}

TEST_F(SessionTableTest, SessionsOfARemovedPeerLiveOnForItsReplies) {
  const SessionIndex a = Create(1, 1);
  next_.peers[1].present = false;
  Apply();
  EXPECT_EQ(table_->FindReply(true, (*table_)[a].port_slot,
                              *config::SocketAddress::Parse("127.0.0.1:7001")),
            a);
}

TEST_F(SessionTableTest, APeerIdWithANewOwnerEndsTheOldSessions) {
  const SessionIndex a = Create(1, 1);
  const std::uint32_t slot = (*table_)[a].port_slot;
  Create(2, 1);
  Create(1, 0);
  AddPeer(1, "127.0.0.1:9999");
  Apply();
  EXPECT_EQ(table_->size(), 1u);
  const auto find = [&](const char* at) {
    return table_->FindReply(true, slot, *config::SocketAddress::Parse(at));
  };
  EXPECT_EQ(find("127.0.0.1:7001"), kNoSession);
  const SessionIndex b = Create(1, 1);
  EXPECT_EQ(find("127.0.0.1:9999"), b);
  Pass(700 * kSecond);
  EXPECT_EQ(table_->size(), 0u);
}

TEST_F(SessionTableTest, ARetiredPortIsGivenUp) {
  const SessionIndex a = Create(1, 0);
  Create(2, 0);
  Create(1, 1);  // on the first port too
  Create(1, 3);
  const std::uint16_t port = v4_->port((*table_)[a].port_slot);
  table_->RetirePort(port, now_);
  EXPECT_FALSE(Has(1, 0) || Has(1, 1));
  EXPECT_TRUE(Has(2, 0) && Has(1, 3));
  EXPECT_FALSE(own_->Holds(port));
  EXPECT_EQ(v4_->open_sockets(), 1u);
  EXPECT_EQ(Ended(SessionEnd::kRemoved), 2u);
  Create(3, 1);
  EXPECT_TRUE(Has(3, 1)) << "the slot serves again, with another socket";
}

}  // namespace
}  // namespace stevedore::session
