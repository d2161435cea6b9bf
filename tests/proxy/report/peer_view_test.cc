#include "proxy/report/peer_view.h"

#include "tests/proxy/report/in_force_fixture.h"

namespace stevedore::report {
namespace {

class PeerViewTest : public InForceTest {
 protected:
  static std::vector<PeerView> Of(const InForce& in_force, std::size_t at) {
    return PeerViews(*in_force.snapshot).Of(at, (*in_force.config)->upstreams[at]);
  }
  // "ADDRESS ROLE SHARE" of each.
  static std::vector<std::string> Shares(const std::vector<PeerView>& views) {
    std::vector<std::string> shares;
    for (const PeerView& view : views)
      shares.push_back(view.address + " " + view.role + " " +
                       std::to_string(static_cast<int>(view.share * 100)));
    return shares;
  }
};

using Lines = std::vector<std::string>;

TEST_F(PeerViewTest, SharesAreByWeightAmongTheUsable) {
  EXPECT_EQ(Shares(Of(Load(), 0)), (Lines{"10.0.0.1:5 ready 25", "10.0.0.2:5 ready 75",
                                          "10.0.0.3:5 draining 0", "[fd00::9]:6 backup 0"}));
  Health("game/kcp/a", "10.0.0.2:5").passing = false;
  EXPECT_EQ(Shares(Of(Build(), 0)), (Lines{"10.0.0.2:5 ready 0", "10.0.0.1:5 ready 100",
                                           "10.0.0.3:5 draining 0", "[fd00::9]:6 backup 0"}))
      << "who fails comes first";
  Health("game/kcp/a", "10.0.0.1:5").passing = false;
  Health("game/kcp/a", "10.0.0.3:5").passing = false;
  EXPECT_EQ(Shares(Of(Build(), 0)).back(), "[fd00::9]:6 backup 100");
}

TEST_F(PeerViewTest, ProbesAreToldOfWhoIsProbed) {
  Load();
  Health("game/kcp/a", "10.0.0.1:5").reply_nanos = 1'500'000;
  Health("plain", "10.0.1.1:5").reply_nanos = 7;  // of an earlier config that probed
  const InForce in_force = Build();
  const auto probed = Of(in_force, 0);
  EXPECT_EQ(probed[0].passing, true);
  EXPECT_EQ(probed[0].reply_seconds, 0.0015);
  EXPECT_EQ(probed[1].reply_seconds, std::nullopt) << "no reply yet";
  const auto plain = Of(in_force, 1);
  EXPECT_EQ(plain[0].passing, std::nullopt);
  EXPECT_EQ(plain[0].reply_seconds, std::nullopt);
}

TEST_F(PeerViewTest, NamesEveryTier) {
  using runtime::Tier;
  EXPECT_STREQ(NameOf(Tier::kReady), "ready");
  EXPECT_STREQ(NameOf(Tier::kDraining), "draining");
  EXPECT_STREQ(NameOf(Tier::kBackup), "backup");
  EXPECT_STREQ(NameOf(Tier::kFailOpen), "failOpen");
  EXPECT_STREQ(NameOf(Tier::kNone), "none");
}

}  // namespace
}  // namespace stevedore::report
