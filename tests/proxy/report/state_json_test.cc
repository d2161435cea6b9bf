#include "proxy/report/state_json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/proxy/report/in_force_fixture.h"

namespace stevedore::report {
namespace {

using Json = nlohmann::json;

class StateJsonTest : public InForceTest {
 protected:
  Json Encoded(InForce in_force) {
    State state;
    state.in_force = std::make_shared<const InForce>(std::move(in_force));
    state.totals = book_.Totals();
    state.probes["game/kcp/a"].results = {5, 1, 0, 0};
    state.workers = {{3, 2, 0.5}, {1, 1, 0.25}};
    state.now = 1'060.5;
    state.uptime = 70.25;
    return Json::parse(EncodeState(state));
  }
};

TEST_F(StateJsonTest, TellsTheProcessAndItsConfig) {
  const Json state = Encoded(Load());
  EXPECT_EQ(state["version"], 1);
  EXPECT_EQ(state["process"]["uptimeSeconds"], 70.25);
  EXPECT_EQ(state["process"]["sessionsLimit"], 4096);
  EXPECT_EQ(state["process"]["workers"], (Json{{{"busySeconds", 0.5}, {"poolSockets", 2}},
                                               {{"busySeconds", 0.25}, {"poolSockets", 1}}}));
  EXPECT_EQ(state["config"], (Json{{"digest", "abcd"},
                                   {"ageSeconds", 60.5},
                                   {"reloads", 1},
                                   {"failedReloads", 0},
                                   {"lastAttemptErrors", Json::array()}}));
}

TEST_F(StateJsonTest, TellsListenersWithTheirRules) {
  InForce in_force = Load();
  const runtime::ListenerEntry& entry = in_force.snapshot->listeners[0];
  entry.stats->of(0).client_in.Add(10);
  entry.stats->of(1).client_in.Add(20);
  entry.stats->of(0).upstream_out.Add(10);
  entry.stats->of(1).Drop(runtime::UpDrop::kSendBlocked);
  entry.stats->of(1).sessions_created.Add();
  entry.rules[0].stats->of(1).matches.Add(2);
  in_force.status.listeners = {{"game/7000", false, "port is taken"}};
  const Json listener = Encoded(in_force)["listeners"][0];
  EXPECT_EQ(listener["name"], "game/7000");
  EXPECT_EQ(listener["address"], "127.0.0.1:7000");
  EXPECT_EQ(listener["port"], 7000);
  EXPECT_EQ(listener["bound"], false);
  EXPECT_EQ(listener["error"], "port is taken");
  EXPECT_EQ(listener["datagrams"],
            (Json{{"clientIn", 2}, {"upstreamOut", 1}, {"upstreamIn", 0}, {"clientOut", 0}}));
  EXPECT_EQ(listener["bytes"]["clientIn"], 30);
  EXPECT_EQ(listener["dropped"], (Json{{"up", {{"send_blocked", 1}}}, {"down", Json::object()}}));
  EXPECT_EQ(listener["sessions"], 1);
  EXPECT_EQ(listener["defaultUpstream"], "plain");
  EXPECT_EQ(listener["rules"], (Json{{{"name", "game/kcp/v1"},
                                      {"match", {"data[0:1] == 0x01", "data[4:6] &= 0x0001"}},
                                      {"upstream", "game/kcp/a"},
                                      {"datagrams", 2}}}));
}

TEST_F(StateJsonTest, TellsUpstreamsWithTheirPeers) {
  const InForce in_force = Load();
  in_force.snapshot->upstreams[0].stats->of(0).out.Add(1);
  in_force.snapshot->upstreams[0].stats->of(1).in.Add(1);
  const Json upstreams = Encoded(in_force)["upstreams"];
  ASSERT_EQ(upstreams.size(), 2u);
  const Json& hashed = upstreams[0];
  EXPECT_EQ(hashed["algorithm"], "ConsistentHash");
  EXPECT_EQ(hashed["affinity"], "None");
  EXPECT_EQ(hashed["probe"], "Reply");
  EXPECT_EQ(hashed["probes"], (Json{{"ok", 5}, {"timeout", 1}, {"refused", 0}, {"error", 0}}));
  EXPECT_EQ(hashed["serving"], "ready");
  EXPECT_EQ(hashed["usable"], 2);
  EXPECT_EQ(hashed["datagrams"], (Json{{"upstreamOut", 1}, {"upstreamIn", 1}}));
  EXPECT_EQ(hashed["peers"][1], (Json{{"address", "10.0.0.2:5"},
                                      {"role", "ready"},
                                      {"weight", 3},
                                      {"passing", true},
                                      {"usable", true},
                                      {"share", 0.75},
                                      {"replySeconds", nullptr}}));
  EXPECT_EQ(hashed["peersNotListed"], 0);
  EXPECT_EQ(upstreams[1]["probe"], nullptr);
  EXPECT_EQ(upstreams[1]["peers"][0]["passing"], nullptr);
}

TEST_F(StateJsonTest, ListsSoManyPeersAndCountsTheOthers) {
  std::string peers;
  for (int i = 0; i < 300; ++i)
    peers += (i == 0 ? "" : ", ") + (R"({ "address": "10.1.)" + std::to_string(i / 250)) + "." +
             std::to_string(i % 250) + R"(", "port": 5 })";
  Load(ConfigText("", R"({ "name": "u", "healthCheck": {}, "peers": [ )" + peers + " ] }"));
  Health("u", "10.1.1.49:5").passing = false;
  const Json upstream = Encoded(Build())["upstreams"][0];
  EXPECT_EQ(upstream["peers"].size(), kMaxPeersListed);
  EXPECT_EQ(upstream["peersNotListed"], 300 - kMaxPeersListed);
  EXPECT_EQ(upstream["peers"][0]["address"], "10.1.1.49:5") << "who fails is always listed";
}

TEST_F(StateJsonTest, BeforeTheFirstConfig) {
  InForce in_force;
  in_force.status.last_attempt.errors = {{"", "not JSON", 1}};
  const Json state = Encoded(in_force);
  EXPECT_EQ(state["listeners"], Json::array());
  EXPECT_EQ(state["upstreams"], Json::array());
  EXPECT_EQ(state["config"]["digest"], "");
  EXPECT_EQ(state["config"]["ageSeconds"], nullptr);
  EXPECT_THAT(state["config"]["lastAttemptErrors"][0].get<std::string>(),
              testing::HasSubstr("not JSON"));
}

}  // namespace
}  // namespace stevedore::report
