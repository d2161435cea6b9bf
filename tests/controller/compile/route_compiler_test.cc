#include "controller/compile/route_compiler.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

using api::Reason;

Candidate Make() {
  Candidate candidate;
  candidate.route.key = {"game", "kcp"};
  candidate.route.port = 2614;
  candidate.route.rules = {{"v1", {{0, 1, config::Operator::kEqual, "0x01"}}, "a"},
                           {"no", {{0, 1, config::Operator::kEqual, "0x02"}}, "deny"}};
  candidate.route.upstreams.resize(1);
  candidate.route.upstreams[0].policy.name = "a";
  candidate.route.upstreams[0].primary.peers = {{"10.0.0.2", 1, 3}, {"10.0.0.1", 1}};
  candidate.report.accepted = {api::ConditionStatus::kTrue, Reason::kAccepted, ""};
  return candidate;
}

CompileOptions AnyPeer() {
  CompileOptions options;
  options.static_peers = *ParseStaticPeers("any");
  return options;
}

Reason Check(Candidate candidate, const CompileOptions& options) {
  CheckRoute(candidate, options, PeerPolicy(options, {}));
  return candidate.report.accepted.reason;
}

TEST(CheckRoute, RefusesWhatIsNotPermitted) {
  EXPECT_EQ(Check(Make(), AnyPeer()), Reason::kAccepted);
  EXPECT_EQ(Check(Make(), {}), Reason::kPeerNotPermitted);
  CompileOptions ports = AnyPeer();
  ports.listener_ports = {*ParsePortGrant("1-99")};
  EXPECT_EQ(Check(Make(), ports), Reason::kPortNotPermitted);

  Candidate backup = Make();
  backup.route.upstreams[0].backup = PeerSource{std::nullopt, {}, {{"127.0.0.1", 1}}};
  EXPECT_EQ(Check(backup, AnyPeer()), Reason::kPeerNotPermitted);
  Candidate multicast = Make();
  multicast.route.address = "224.0.0.1";
  EXPECT_EQ(Check(multicast, AnyPeer()), Reason::kInvalid);
  Candidate name = Make();
  name.route.key.name = std::string(400, 'x');
  EXPECT_EQ(Check(name, AnyPeer()), Reason::kInvalid);
}

TEST(CompileRules, NamesAreScoped) {
  const auto rules = CompileRules(Make().route);
  EXPECT_EQ(rules.at(0).name, "game/kcp/v1");
  EXPECT_EQ(rules.at(0).upstream, "game/kcp/a");
  EXPECT_EQ(rules.at(1).upstream, "deny");
}

TEST(CompileUpstreams, APeerIsNoBackupOfItself) {
  Candidate candidate = Make();
  candidate.route.upstreams[0].backup =
      PeerSource{std::nullopt, {}, {{"10.0.0.2", 1}, {"10.0.0.2", 2}}};
  const store::ClusterView view;
  const PeerPolicy policy(AnyPeer(), {});
  const auto upstreams = CompileUpstreams(candidate, PeerResolver(view, policy));
  EXPECT_EQ(upstreams.at(0).backup_peers, (std::vector<config::Peer>{{"10.0.0.2", 2, 1}}));
  EXPECT_EQ(candidate.report.upstreams.at(0).backup_ready, 1);
}

TEST(CompileUpstreams, FillsInPeersAndReport) {
  Candidate candidate = Make();
  candidate.route.upstreams[0].backup = PeerSource{std::nullopt, {}, {{"10.0.0.9", 1}}};
  const store::ClusterView view;
  const PeerPolicy policy(AnyPeer(), {});
  const auto upstreams = CompileUpstreams(candidate, PeerResolver(view, policy));
  ASSERT_EQ(upstreams.size(), 1u);
  EXPECT_EQ(upstreams[0].name, "game/kcp/a");
  EXPECT_EQ(upstreams[0].peers,
            (std::vector<config::Peer>{{"10.0.0.1", 1, 1}, {"10.0.0.2", 1, 3}}));
  EXPECT_EQ(upstreams[0].backup_peers.size(), 1u);
  EXPECT_EQ(candidate.report.upstreams,
            (std::vector<UpstreamReport>{{"a", "game/kcp/a", 2, 2, 0, 1}}));
  EXPECT_EQ(candidate.report.resolved_refs.reason, Reason::kResolvedRefs);
  EXPECT_EQ(candidate.report.peers_available.reason, Reason::kPeersReady);
}

TEST(CompileUpstreams, AMissingServiceLeavesTheUpstreamWithoutPeers) {
  Candidate candidate = Make();
  candidate.route.upstreams.resize(2);
  candidate.route.upstreams[1].policy.name = "b";
  candidate.route.upstreams[1].primary = {kube::Key{"game", "nowhere"}, 1, {}};
  const store::ClusterView view;
  const PeerPolicy policy(AnyPeer(), {});
  const auto upstreams = CompileUpstreams(candidate, PeerResolver(view, policy));
  EXPECT_EQ(upstreams.at(0).peers.size(), 2u);
  EXPECT_TRUE(upstreams.at(1).peers.empty());
  EXPECT_EQ(candidate.report.resolved_refs.status, api::ConditionStatus::kFalse);
  EXPECT_EQ(candidate.report.resolved_refs.reason, Reason::kServiceNotFound);
  EXPECT_EQ(candidate.report.peers_available.reason, Reason::kNoPeers);
  EXPECT_TRUE(candidate.report.is_accepted());
}

}  // namespace
}  // namespace stevedore::compile
