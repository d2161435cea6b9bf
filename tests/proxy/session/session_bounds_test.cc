// What a listener's settings do to sessions that are there: bounds on replies, clients shut out.
#include "tests/proxy/session/table_fixture.h"

namespace stevedore::session {
namespace {

class SessionBoundsTest : public TableFixture {
 protected:
  SessionBoundsTest() {
    AddPeer(0, "10.0.0.1:1");
    AddListener(0, Limits());
  }
  void MakeWithRatio(std::uint32_t ratio) {
    next_.listeners[0].session.max_reply_ratio = ratio;
    Make(100, 10);
  }
  void SetRatio(std::uint32_t ratio) {
    next_.listeners[0].session.max_reply_ratio = ratio;
    Apply();
  }
  void SetDeny(std::uint32_t listener, const char* range) {
    const std::vector<config::Cidr> deny = {*config::Cidr::Parse(range)};
    next_.listeners[listener].access =
        std::make_shared<runtime::AccessList>(std::vector<config::Cidr>{}, deny);
    Apply();
  }
};

TEST_F(SessionBoundsTest, RepliesAreBoundedExactly) {
  MakeWithRatio(3);
  const SessionIndex index = Create(1);
  table_->OnClientBytes(index, 100);
  EXPECT_FALSE(table_->AdmitReply(index, 1801));
  EXPECT_TRUE(table_->AdmitReply(index, 1500));
  EXPECT_TRUE(table_->AdmitReply(index, 299));
  EXPECT_FALSE(table_->AdmitReply(index, 2));
  EXPECT_TRUE(table_->AdmitReply(index, 1));
  EXPECT_FALSE(table_->AdmitReply(index, 0)) << "an empty one counts as a byte";
  table_->OnClientBytes(index, 1);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(table_->AdmitReply(index, 0));
  EXPECT_FALSE(table_->AdmitReply(index, 0));
}

TEST_F(SessionBoundsTest, WhoHasAnsweredIsBoundedNoMore) {
  MakeWithRatio(1);
  const SessionIndex index = Create(1);
  MakeReplied(index);
  EXPECT_FALSE(table_->AdmitReply(index, 1501));
  MakeAssured(index);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(table_->AdmitReply(index, 65'535));
}

TEST_F(SessionBoundsTest, ASessionMadeWithoutABoundHasNone) {
  MakeWithRatio(0);
  const SessionIndex old = Create(1);
  SetRatio(1);
  const SessionIndex young = Create(2);
  EXPECT_TRUE(table_->AdmitReply(old, 9000));
  EXPECT_FALSE(table_->AdmitReply(young, 9000));
  SetRatio(0);
  EXPECT_TRUE(table_->AdmitReply(young, 9000));
  EXPECT_TRUE(table_->AdmitReply(Create(3), 9000));
}

TEST_F(SessionBoundsTest, ASlotUsedAgainStartsAnew) {
  MakeWithRatio(1);
  const SessionIndex first = Create(1);
  EXPECT_TRUE(table_->AdmitReply(first, 1500));
  Pass(10 * kSecond);
  ASSERT_FALSE(Has(1));
  const SessionIndex second = Create(2);
  ASSERT_EQ(second, first);
  EXPECT_TRUE(table_->AdmitReply(second, 1500));
  EXPECT_FALSE(table_->AdmitReply(second, 1));
}

TEST_F(SessionBoundsTest, WhoIsShutOutLosesItsSessionsAtOnce) {
  AddListener(1, Limits());
  Make(100, 20);
  for (const std::uint32_t client : {1u, 2u, 3u}) MakeAssured(Create(client));
  Create(2, 0, 1);
  SetDeny(0, "192.0.2.2/32");
  EXPECT_TRUE(Has(1));
  EXPECT_FALSE(Has(2));
  EXPECT_TRUE(Has(3));
  EXPECT_TRUE(Has(2, 0, 1)) << "another listener lets it in";
  EXPECT_EQ(Ended(runtime::SessionEnd::kRemoved), 1u);
  SetDeny(1, "192.0.2.0/24");
  EXPECT_FALSE(Has(2, 0, 1));
  EXPECT_EQ(table_->size(), 2u);
}

TEST_F(SessionBoundsTest, ListsThatSayTheSameEndNothing) {
  Make(100, 20);
  SetDeny(0, "192.0.2.0/24");
  Create(1);  // whom the packet path would have refused: only a change looks at sessions
  SetDeny(0, "192.0.2.0/24");
  EXPECT_TRUE(Has(1));
  SetDeny(0, "192.0.2.0/25");
  EXPECT_FALSE(Has(1));
}

}  // namespace
}  // namespace stevedore::session
