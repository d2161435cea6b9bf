#include <set>

#include "tests/proxy/session/table_fixture.h"

namespace stevedore::session {
namespace {

using runtime::SessionEnd;
using runtime::UpDrop;

class SessionAdmissionTest : public TableFixture {
 protected:
  SessionAdmissionTest() {
    AddListener(0, Limits());
    AddListener(1, Limits());
    for (std::uint32_t peer = 0; peer < 8; ++peer)
      AddPeer(peer, "127.0.0.1:" + std::to_string(7000 + peer));
  }
};

TEST_F(SessionAdmissionTest, AQuotaEvictsTheOldestEmbryonicThenTheOldestReplied) {
  next_.listeners[0].session.max_sessions = 4;
  Make(64, 16);
  const SessionIndex one = Create(1);
  const SessionIndex two = Create(2);
  Create(3);
  Create(4);
  MakeReplied(two);
  MakeReplied(one);  // the younger one of the replied
  Create(5);
  EXPECT_FALSE(Has(3)) << "the oldest embryonic";
  Create(6);
  EXPECT_FALSE(Has(4));
  MakeAssured(table_->Find(Key(5), runtime::PeerId{0}));
  MakeAssured(table_->Find(Key(6), runtime::PeerId{0}));
  MakeAssured(Create(7));
  EXPECT_FALSE(Has(2)) << "the oldest replied";
  MakeAssured(Create(8));
  EXPECT_FALSE(Has(1));
  EXPECT_EQ(Refusal(9), UpDrop::kSessionLimit) << "assured ones stay";
  for (const std::uint32_t client : {5u, 6u, 7u, 8u}) EXPECT_TRUE(Has(client));
  EXPECT_EQ(Ended(SessionEnd::kEvicted), 4u);
  Create(9, 0, 1);  // the other listener has its own quota
  EXPECT_EQ(table_->size(), 5u);
}

TEST_F(SessionAdmissionTest, AFullTableEvictsFromTheListenerWithMost) {
  Make(6, 64);
  for (std::uint32_t client = 0; client < 4; ++client) Create(client, 0, 0);
  for (std::uint32_t client = 0; client < 2; ++client) Create(client, 0, 1);
  Create(9, 0, 1);
  EXPECT_FALSE(Has(0, 0, 0)) << "the first listener had most";
  EXPECT_EQ(table_->size(), 6u);
  // Even then: who has only assured ones gives nothing.
  for (std::uint32_t client = 1; client < 4; ++client)
    MakeAssured(table_->Find(Key(client, 0), runtime::PeerId{0}));
  Create(10, 0, 0);
  EXPECT_FALSE(Has(0, 0, 1));
  for (const auto& [client, listener] : {std::pair{1u, 1u}, {9u, 1u}, {10u, 0u}})
    MakeAssured(table_->Find(Key(client, listener), runtime::PeerId{0}));
  EXPECT_EQ(Refusal(11, 0, 1), UpDrop::kSessionLimit);
  EXPECT_EQ(table_->size(), 6u);
}

TEST_F(SessionAdmissionTest, UnassuredSessionsHoldAtMostHalfOfAPeersLeases) {
  Make(64, 8);
  for (std::uint32_t client = 0; client < 8; ++client) Create(client);
  EXPECT_EQ(table_->size(), 4u);
  for (std::uint32_t client = 4; client < 8; ++client) {
    EXPECT_TRUE(Has(client));
    MakeAssured(table_->Find(Key(client), runtime::PeerId{0}));
  }
  // The other half is for the assured: they came to it, newcomers may knock again.
  Pass(2 * kSecond);
  for (std::uint32_t client = 10; client < 14; ++client) Create(client);
  EXPECT_EQ(table_->size(), 8u);
  Create(20, 1);  // other peers have their own
  EXPECT_TRUE(Has(20, 1));
}

TEST_F(SessionAdmissionTest, ALeaseRestsAfterAnEmbryonicSessionForASecondFromItsLastSend) {
  Make(64, 1);
  const SessionIndex one = Create(1);
  Pass(5 * kSecond);
  table_->OnClient(one, runtime::PeerId{0}, now_);
  Pass(5);
  EXPECT_EQ(Refusal(2), UpDrop::kPortLimit) << "its late reply may be under way";
  EXPECT_TRUE(Has(1)) << "and nobody is evicted for nothing";
  Pass(5);
  EXPECT_EQ(Refusal(2), UpDrop::kPortLimit) << "it was sent up to a tick later than its tick says";
  Pass(1);
  Create(2);
  EXPECT_FALSE(Has(1));
  EXPECT_EQ(Ended(SessionEnd::kEvicted), 1u);
}

TEST_F(SessionAdmissionTest, ALeaseRestsAfterARepliedSessionForAMinuteAtLeast) {
  next_.listeners[0].session.idle_timeout = 5;
  Make(64, 1);
  MakeReplied(Create(1));
  Pass(5 * kSecond);
  ASSERT_FALSE(Has(1));
  const Tick ended = now_;
  while (now_ < ended + 60 * kSecond) {
    ASSERT_EQ(Refusal(2), UpDrop::kPortLimit) << now_ - ended;
    Pass(9);
    if (now_ >= ended + 60 * kSecond) break;
  }
  Create(2);
}

TEST_F(SessionAdmissionTest, ALeaseRestsForTheIdleTimeoutWhenThatIsLonger) {
  next_.listeners[0].session.idle_timeout = 300;
  Make(64, 1);
  MakeAssured(Create(1));
  Pass(300 * kSecond);
  ASSERT_FALSE(Has(1));
  Pass(299 * kSecond);
  EXPECT_EQ(Refusal(2), UpDrop::kPortLimit);
  Pass(kSecond);
  Create(2);
}

TEST_F(SessionAdmissionTest, AssuredSessionsOfAPeerAreNeverEvictedForItsLeases) {
  Make(64, 4);
  for (std::uint32_t client = 0; client < 4; ++client) MakeAssured(Create(client));
  Pass(30 * kSecond);
  EXPECT_EQ(Refusal(9), UpDrop::kPortLimit);
  EXPECT_EQ(table_->size(), 4u);
  Create(9, 1);
}

TEST_F(SessionAdmissionTest, AFloodDoesNotEvictRepliedSessionsForLeasesThatRest) {
  Make(1000, 16);
  for (std::uint32_t client = 0; client < 8; ++client) MakeAssured(Create(client));
  for (std::uint32_t client = 8; client < 12; ++client) MakeReplied(Create(client));
  for (std::uint32_t flood = 100; flood < 400; ++flood) TryCreate(Key(flood), 0);
  for (std::uint32_t client = 0; client < 12; ++client) EXPECT_TRUE(Has(client)) << client;
}

TEST_F(SessionAdmissionTest, SessionsPerSource) {
  next_.listeners[0].session.max_per_source = 2;
  Make(64, 16);
  FlowKey key = Key(1);
  for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{2}}) {
    key.client.port = port;
    EXPECT_TRUE(std::holds_alternative<SessionIndex>(TryCreate(key, 0)));
  }
  key.client.port = 3;
  EXPECT_EQ(std::get<UpDrop>(TryCreate(key, 0)), UpDrop::kSourceLimit);
  Create(2);  // another address
  key.listener = runtime::ListenerId{1};
  EXPECT_TRUE(std::holds_alternative<SessionIndex>(TryCreate(key, 0))) << "another listener";
  Pass(20 * kSecond);
  key.listener = runtime::ListenerId{0};
  EXPECT_TRUE(std::holds_alternative<SessionIndex>(TryCreate(key, 0))) << "the others ended";
}

TEST_F(SessionAdmissionTest, AnIpv6SourceIsItsPrefixOf64Bits) {
  next_.listeners[0].session.max_per_source = 1;
  Make(64, 16);
  const auto drop = [this](const char* address) {
    FlowKey key = Key(0);
    key.client.ip = *config::IpAddress::Parse(address);
    return std::holds_alternative<UpDrop>(TryCreate(key, 0));
  };
  EXPECT_FALSE(drop("2001:db8::1"));
  EXPECT_TRUE(drop("2001:db8::ffff:1"));
  EXPECT_FALSE(drop("2001:db8:0:1::1"));
}

TEST_F(SessionAdmissionTest, ACapThatComesAndGoesByReloadCountsRight) {
  next_.listeners[0].session.max_per_source = 1;
  Make(64, 16);
  Create(1);
  next_.listeners[0].session.max_per_source = 0;
  Apply();
  Pass(20 * kSecond);  // it ends while there is no cap
  Create(2);           // and this one is never counted
  next_.listeners[0].session.max_per_source = 1;
  Apply();
  Create(1);
  FlowKey key = Key(2);
  key.client.port = 1;
  EXPECT_TRUE(std::holds_alternative<SessionIndex>(TryCreate(key, 0)));
  table_->OnClient(table_->Find(key, runtime::PeerId{0}), runtime::PeerId{0}, now_);
  Pass(9 * kSecond);
  table_->OnClient(table_->Find(key, runtime::PeerId{0}), runtime::PeerId{0}, now_);
  Pass(kSecond);  // the uncounted one ends, the counted one lives
  key.client.port = 2;
  EXPECT_EQ(std::get<UpDrop>(TryCreate(key, 0)), UpDrop::kSourceLimit);
}

TEST_F(SessionAdmissionTest, NoPortMeansPortLimitAndNothingHeld) {
  Make(64, 4);
  std::bitset<65536> all;
  all.set();
  v4_->Avoid(all);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Refusal(1), UpDrop::kPortLimit);
  EXPECT_EQ(table_->size(), 0u);
  const std::bitset<65536> none;
  v4_->Avoid(none);
  std::set<std::uint32_t> slots;
  for (std::uint32_t client = 0; client < 4; ++client) {
    const SessionIndex index = Create(client);
    slots.insert((*table_)[index].port_slot);
    MakeAssured(index);
  }
  EXPECT_EQ(slots.size(), 4u);
}

}  // namespace
}  // namespace stevedore::session
