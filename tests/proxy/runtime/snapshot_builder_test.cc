#include "proxy/runtime/snapshot_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace stevedore::runtime {
namespace {

using config::Algorithm;
using std::chrono::seconds;

config::Upstream UpstreamOf(const std::string& name, const std::vector<std::string>& addresses) {
  config::Upstream upstream;
  upstream.name = name;
  for (const std::string& address : addresses) upstream.peers.push_back({address, 7000, 1, false});
  return upstream;
}

config::Listener ListenerOf(const std::string& name, std::int64_t port, const std::string& to) {
  config::Listener listener;
  listener.name = name;
  listener.address = "127.0.0.1";
  listener.port = port;
  listener.default_upstream = to;
  return listener;
}

class SnapshotBuilderTest : public testing::Test {
 protected:
  SnapshotBuilderTest() {
    config_.upstreams = {UpstreamOf("a", {"10.0.0.1", "10.0.0.2"}), UpstreamOf("b", {"10.0.0.1"})};
    config_.listeners = {ListenerOf("one", 2001, "a"), ListenerOf("two", 2002, "b")};
  }

  std::shared_ptr<const Snapshot> Build(bool register_first = true) {
    auto validated = config::Validate(config_);
    EXPECT_TRUE(std::holds_alternative<config::ValidConfig>(validated));
    valid_.emplace(std::get<config::ValidConfig>(validated));
    const BuildInput input{*valid_, local_, now_};
    if (register_first) builder_.Register(input);
    return builder_.Build(input);
  }
  PeerId IdOf(const std::string& upstream, const std::string& address) {
    return PeerId{registry_.peers.entries()
                      .at({upstream, *config::SocketAddress::Parse(address + ":7000")})
                      .id};
  }
  PeerHealth& HealthOf(const std::string& upstream, const std::string& address) {
    return *registry_.peers.entries()
                .at({upstream, *config::SocketAddress::Parse(address + ":7000")})
                .value.health;
  }

  config::ProxyConfig config_;
  std::optional<config::ValidConfig> valid_;
  std::vector<config::IpAddress> local_;
  Nanos now_ = seconds(100);
  Registry registry_{3};
  SnapshotBuilder builder_{registry_};
};

TEST_F(SnapshotBuilderTest, CompilesLimitsOfClients) {
  config_.listeners[0].allow = {"10.0.0.0/8"};
  config_.listeners[0].deny = {"10.9.0.0/16"};
  config_.listeners[0].session.max_reply_ratio = 3;
  config_.listeners[1].rate_limit = config::SourceRate{3, 6};
  const auto s = Build();
  const ListenerEntry& one = s->listeners[0];
  ASSERT_TRUE(one.guarded && one.access);
  EXPECT_TRUE(one.access->Allows(*config::IpAddress::Parse("10.8.0.1")));
  EXPECT_FALSE(one.access->Allows(*config::IpAddress::Parse("10.9.0.1")));
  EXPECT_EQ(one.rate.interval, 0);
  EXPECT_EQ(one.session.max_reply_ratio, 3u);
  const ListenerEntry& two = s->listeners[1];
  EXPECT_TRUE(two.guarded);
  EXPECT_EQ(two.access, nullptr);
  EXPECT_EQ(two.rate.interval, 333'333'334) << "rounded up: never more than asked for";
  EXPECT_EQ(two.rate.depth, 6 * two.rate.interval);
  EXPECT_EQ(two.session.max_reply_ratio, 0u);
}

TEST_F(SnapshotBuilderTest, CompilesListenersUpstreamsAndPeers) {
  config_.own_addresses = {"192.0.2.9", "192.0.2.1"};
  local_ = {*config::IpAddress::Parse("10.9.9.9"), *config::IpAddress::Parse("10.1.1.1")};
  config_.listeners[0].session = {7, 3, 20, 10, 4};
  config_.listeners[0].rules = {{"r1", {{0, 1, config::Operator::kEqual, "0x01"}}, "b"},
                                {"r2", {{0, 1, config::Operator::kEqual, "0x02"}}, "deny"}};
  config_.listeners[1].address = "::";
  config_.listeners[1].default_upstream = "deny";
  config_.upstreams[1].algorithm = Algorithm::kConsistentHash;
  config_.upstreams[1].hash_key = {config::KeySource::kPayload, 0, 4};
  const auto s = Build();
  EXPECT_EQ(s->generation, 1u);
  ASSERT_EQ(s->listeners.size(), 2u);
  const ListenerEntry& one = s->listeners[0];
  EXPECT_EQ(one.session.idle_timeout, 7u);
  EXPECT_EQ(one.session.embryonic_timeout, 3u);
  EXPECT_EQ(one.session.max_reply_only, 20u);
  EXPECT_EQ(one.session.max_sessions, 4u) << "ceil(10 / 3)";
  EXPECT_EQ(one.session.max_per_source, 2u) << "ceil(4 / 3)";
  EXPECT_FALSE(one.guarded);
  EXPECT_EQ(one.access, nullptr);
  EXPECT_EQ(one.rate.interval, 0);
  EXPECT_FALSE(one.wildcard);
  EXPECT_EQ(one.default_upstream, UpstreamIndex{0});
  ASSERT_EQ(one.rules.size(), 2u);
  EXPECT_EQ(one.rules[0].upstream, UpstreamIndex{1});
  EXPECT_EQ(one.rules[1].upstream, kDenyIndex);
  EXPECT_EQ(one.matcher.Find(std::vector<std::uint8_t>{2}), 1u);
  EXPECT_EQ(one.sockets, nullptr);
  EXPECT_TRUE(s->listeners[1].wildcard);
  EXPECT_FALSE(s->listeners[1].default_upstream);
  EXPECT_TRUE(s->listener_ports.test(2001) && s->listener_ports.test(2002));
  EXPECT_EQ(s->listener_ports.count(), 2u);
  EXPECT_TRUE(s->taken_ports.test(2001) && s->taken_ports.test(7000));
  EXPECT_EQ(s->taken_ports.count(), 3u);
  EXPECT_EQ(s->peer_addresses.size(), 3u);
  EXPECT_TRUE(std::is_sorted(s->peer_addresses.begin(), s->peer_addresses.end()));
  EXPECT_TRUE(std::is_sorted(s->own_addresses.begin(), s->own_addresses.end()));
  EXPECT_TRUE(std::is_sorted(s->local_addresses.begin(), s->local_addresses.end()));
  EXPECT_EQ(s->upstreams[0].affinity, config::Affinity::kFlow);
  EXPECT_EQ(s->upstreams[1].affinity, config::Affinity::kNone);
  EXPECT_TRUE(s->upstreams[1].key && !s->upstreams[0].key);
  const PeerEntry& in_a = s->peers[Raw(IdOf("a", "10.0.0.1"))];
  const PeerEntry& in_b = s->peers[Raw(IdOf("b", "10.0.0.1"))];
  EXPECT_NE(IdOf("a", "10.0.0.1"), IdOf("b", "10.0.0.1"));
  EXPECT_EQ(in_a.address, in_b.address);
  EXPECT_TRUE(in_a.present && in_a.keepable);
  EXPECT_EQ(in_b.upstream, UpstreamIndex{1});
  EXPECT_NE(in_a.health, in_b.health);
}

TEST_F(SnapshotBuilderTest, IdsHealthAndCountersSurviveReloads) {
  const auto first = Build();
  const PeerId kept = IdOf("a", "10.0.0.2");
  HealthOf("a", "10.0.0.2").passing = false;
  auto sockets = std::make_shared<ListenerSockets>();
  const ListenerId two = first->listeners[1].id;
  registry_.listeners.Get(first->listeners[1].address, [] { return ListenerRecord{}; })
      .value.sockets = sockets;
  // Listener "one" goes, another comes before "two"; peers are swapped around.
  config_.listeners = {ListenerOf("three", 1999, "a"), ListenerOf("two", 2002, "b")};
  config_.upstreams = {UpstreamOf("b", {"10.0.0.1"}), UpstreamOf("a", {"10.0.0.3", "10.0.0.2"})};
  config_.upstreams[1].health_check.emplace();
  const auto second = Build();
  EXPECT_EQ(second->generation, 2u);
  EXPECT_EQ(IdOf("a", "10.0.0.2"), kept);
  EXPECT_EQ(second->upstreams[1].id, first->upstreams[0].id);
  EXPECT_EQ(second->listeners[1].id, two);
  EXPECT_EQ(second->listeners[1].stats, first->listeners[1].stats);
  EXPECT_EQ(second->listeners[1].sockets, sockets);
  EXPECT_EQ(second->listener_by_id[Raw(first->listeners[0].id)], Snapshot::kNoListener);
  EXPECT_EQ(second->listener_by_id[Raw(two)], 1u);
  EXPECT_NE(second->listeners[0].id, first->listeners[0].id) << "its id rests";
  EXPECT_EQ(second->peers[Raw(kept)].health, first->peers[Raw(kept)].health);
  EXPECT_FALSE(second->peers[Raw(kept)].keepable) << "it fails its probe";
  EXPECT_EQ(second->upstreams[1].picks.usable, std::vector<PeerId>{IdOf("a", "10.0.0.3")});
}

TEST_F(SnapshotBuilderTest, WithoutAProbeHealthDoesNotCount) {
  Build();
  HealthOf("a", "10.0.0.1").passing = false;
  EXPECT_EQ(Build()->upstreams[0].picks.usable.size(), 2u);
  config_.upstreams[0].health_check.emplace();
  EXPECT_EQ(Build(false)->upstreams[0].picks.usable.size(), 1u);
  HealthOf("a", "10.0.0.1").passing = true;
  EXPECT_EQ(Build(false)->upstreams[0].picks.usable.size(), 2u);
}

TEST_F(SnapshotBuilderTest, PeerIdsRestBeforeTheyAreGivenAgain) {
  Build();
  const PeerId gone = IdOf("a", "10.0.0.2");
  config_.upstreams[0].peers.pop_back();
  EXPECT_FALSE(Build()->peers[Raw(gone)].present);
  // Idle 60 s and 600 s of replies alone: nothing can hold the id for longer than 1 380 s.
  now_ += seconds(700);
  config_.upstreams[0].peers.push_back({"10.0.0.5", 7000, 1, false});
  Build();
  EXPECT_NE(IdOf("a", "10.0.0.5"), gone);
  now_ += seconds(3600);
  Build();
  config_.upstreams[0].peers.push_back({"10.0.0.6", 7000, 1, false});
  Build();
  EXPECT_EQ(IdOf("a", "10.0.0.6"), gone);
}

TEST_F(SnapshotBuilderTest, DrainTimeout) {
  config_.upstreams[0].drain_timeout_seconds = 30;
  Build();
  EXPECT_FALSE(builder_.next_deadline());
  now_ += seconds(5);
  config_.upstreams[0].peers[0].draining = true;
  auto s = Build();
  const PeerId draining = IdOf("a", "10.0.0.1");
  EXPECT_EQ(builder_.next_deadline(), Nanos(seconds(135)));
  EXPECT_TRUE(s->peers[Raw(draining)].keepable);
  EXPECT_EQ(s->upstreams[0].picks.usable, std::vector<PeerId>{IdOf("a", "10.0.0.2")});
  now_ = seconds(134);
  EXPECT_TRUE(Build()->peers[Raw(draining)].keepable) << "a reload does not start it anew";
  now_ = seconds(135);
  EXPECT_FALSE(Build(false)->peers[Raw(draining)].keepable);
  EXPECT_FALSE(builder_.next_deadline());
  // Ready again, and draining again: measured from then.
  config_.upstreams[0].peers[0].draining = false;
  EXPECT_TRUE(Build()->peers[Raw(draining)].keepable);
  config_.upstreams[0].peers[0].draining = true;
  now_ = seconds(200);
  EXPECT_TRUE(Build()->peers[Raw(draining)].keepable);
  EXPECT_EQ(builder_.next_deadline(), Nanos(seconds(230)));
}

TEST_F(SnapshotBuilderTest, ARenamedListenerCountsAnew) {
  const auto first = Build();
  config_.listeners[0].name = "uno";
  const auto second = Build();
  EXPECT_EQ(second->listeners[0].id, first->listeners[0].id);
  EXPECT_NE(second->listeners[0].stats, first->listeners[0].stats);
  EXPECT_EQ(second->listeners[0].stats->name, "uno");
}

TEST_F(SnapshotBuilderTest, CountsPeersForTheStatus) {
  config_.upstreams[0].peers.push_back({"10.0.0.4", 7000, 1, true});
  config_.upstreams[0].backup_peers = {{"10.0.0.9", 7000, 1, false}};
  config_.upstreams[0].health_check.emplace();
  Build();
  HealthOf("a", "10.0.0.1").passing = false;
  auto counts = CountPeers(*Build(), *valid_, registry_);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].name, "a");
  EXPECT_EQ(counts[0].total, 3);
  EXPECT_EQ(counts[0].ready, 2);
  EXPECT_EQ(counts[0].draining, 1);
  EXPECT_EQ(counts[0].healthy, 2);
  EXPECT_EQ(counts[0].usable, 1);
  EXPECT_FALSE(counts[0].backup_active);
  for (const char* peer : {"10.0.0.2", "10.0.0.4"}) HealthOf("a", peer).passing = false;
  counts = CountPeers(*Build(), *valid_, registry_);
  EXPECT_TRUE(counts[0].backup_active);
  EXPECT_EQ(counts[0].usable, 1);
}

}  // namespace
}  // namespace stevedore::runtime
