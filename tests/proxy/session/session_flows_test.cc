#include <utility>

#include "tests/proxy/session/table_fixture.h"

namespace stevedore::session {
namespace {

using runtime::PeerId;
using runtime::UpstreamId;

class SessionFlowsTest : public TableFixture {
 protected:
  SessionFlowsTest() {
    AddListener(0, Limits());
    AddPeer(0, "127.0.0.1:7000");
    AddPeer(1, "127.0.0.1:7001");
    AddPeer(2, "127.0.0.1:7000", 1);  // the first one's address, in another upstream
    Make(64, 16);
  }
};

TEST_F(SessionFlowsTest, FlowBelongsToOneSession) {
  const SessionIndex a = Create(1, 0);
  const SessionIndex b = Create(1, 1);
  const auto kept = [this](std::uint32_t client, std::uint32_t upstream) {
    return table_->FindFlow(Key(client), UpstreamId{upstream}).session;
  };
  EXPECT_EQ(kept(1, 0), kNoSession);
  table_->SetFlow(a, PeerId{0});
  table_->SetFlow(a, PeerId{0});
  EXPECT_EQ(kept(1, 0), a);
  EXPECT_EQ(kept(1, 1), kNoSession);
  EXPECT_EQ(kept(2, 0), kNoSession);
  table_->SetFlow(b, PeerId{1});
  EXPECT_EQ(kept(1, 0), b);
  Pass(20 * kSecond);
  EXPECT_EQ(kept(1, 0), kNoSession) << "it ended with its session";
}

TEST_F(SessionFlowsTest, ASessionKeepsTheFlowsOfSeveralUpstreams) {
  AddPeer(4, "127.0.0.1:7000", 2);
  AddPeer(5, "127.0.0.1:7001", 1);
  Apply();
  const SessionIndex a = Create(1, 0);
  const SessionIndex b = Create(1, 1);
  for (const std::uint32_t peer : {0u, 2u, 4u, 2u}) table_->SetFlow(a, PeerId{peer});
  const auto kept = [this](std::uint32_t upstream) {
    const auto found = table_->FindFlow(Key(1), UpstreamId{upstream});
    return std::pair(found.session, found.peer);
  };
  EXPECT_EQ(kept(0), std::pair(a, PeerId{0}));
  EXPECT_EQ(kept(1), std::pair(a, PeerId{2}));
  EXPECT_EQ(kept(2), std::pair(a, PeerId{4}));
  table_->SetFlow(b, PeerId{5});
  EXPECT_EQ(kept(1), std::pair(b, PeerId{5}));
  EXPECT_EQ(kept(2), std::pair(a, PeerId{4}));
  table_->SetFlow(b, PeerId{1});
  EXPECT_EQ(kept(0), std::pair(b, PeerId{1})) << "the first of three went, the others stayed";
  EXPECT_EQ(kept(2), std::pair(a, PeerId{4}));
  Pass(20 * kSecond);
  for (std::uint32_t upstream = 0; upstream < 3; ++upstream)
    EXPECT_EQ(kept(upstream).first, kNoSession) << "they ended with their sessions";
}

TEST_F(SessionFlowsTest, WithTheTableFullOfFlowsOneGivesWayToAnother) {
  AddPeer(4, "127.0.0.1:7000", 2);
  Make(2, 16);
  const SessionIndex a = Create(1, 0);
  for (const std::uint32_t peer : {0u, 2u, 4u}) table_->SetFlow(a, PeerId{peer});
  EXPECT_EQ(table_->FindFlow(Key(1), UpstreamId{0}).session, kNoSession);
  EXPECT_EQ(table_->FindFlow(Key(1), UpstreamId{1}).session, a);
  EXPECT_EQ(table_->FindFlow(Key(1), UpstreamId{2}).session, a);
}

TEST_F(SessionFlowsTest, AnIdThatComesBackAsAnotherPeerTakesItsFlowsAlong) {
  const SessionIndex a = Create(1, 0);
  table_->SetFlow(a, PeerId{0});
  table_->SetFlow(a, PeerId{2});
  AddPeer(2, "127.0.0.1:7009", 1);
  Apply();
  EXPECT_FALSE(Has(1)) << "it held an id that means somebody else now";
  EXPECT_EQ(table_->FindFlow(Key(1), UpstreamId{1}).session, kNoSession);
  EXPECT_EQ(table_->FindFlow(Key(1), UpstreamId{0}).session, kNoSession);
}

}  // namespace
}  // namespace stevedore::session
