#include <gtest/gtest.h>

#include <functional>

#include "proxy/config/limits.h"
#include "proxy/config/validate_parts.h"
#include "tests/proxy/config/sample.h"

namespace stevedore::config {
namespace {

struct Case {
  std::function<void(Upstream&)> bend;
  const char* errors;
};

void ExpectErrors(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    ProxyConfig config = SampleConfig();
    c.bend(config.upstreams[0]);
    EXPECT_EQ(ErrorsOf(config), c.errors);
  }
}

void MakeRoundRobin(Upstream& upstream) {
  upstream.algorithm = Algorithm::kRoundRobin;
  upstream.hash_key.reset();
}

TEST(CheckUpstream, KeyIfAndOnlyIfHashing) {
  ExpectErrors({
      {MakeRoundRobin, ""},
      {[](Upstream& u) {
         u.hash_key = HashKey{KeySource::kClientAddress, 0, 0};
       },
       ""},
      {[](Upstream& u) { u.hash_key.reset(); },
       "upstreams[0].hashKey: missing: algorithm ConsistentHash needs start and end, or source\n"},
      {[](Upstream& u) { u.algorithm = Algorithm::kRoundRobin; },
       "upstreams[0].hashKey: must not be set with algorithm RoundRobin: only ConsistentHash "
       "hashes\n"},
      {[](Upstream& u) { u.hash_key->end = 65; },
       "upstreams[0].hashKey.end: 65: 0 to 65 is 65 bytes: must be at most 64\n"},
  });
}

TEST(CheckUpstream, AffinityAndDrain) {
  const std::string reason = ": needs affinity Flow or Key, since None keeps no peer\n";
  const std::string move = "upstreams[0].drain: \"Move\"" + reason;
  const std::string timeout = "upstreams[0].drainTimeoutSeconds: 5" + reason;
  ExpectErrors({
      {[](Upstream& u) { u.affinity = Affinity::kKey, u.drain = Drain::kMove; }, ""},
      {[](Upstream& u) { u.affinity = Affinity::kFlow, u.drain_timeout_seconds = 0; }, ""},
      {[](Upstream& u) { MakeRoundRobin(u), u.drain = Drain::kMove; }, ""},
      {[](Upstream& u) { MakeRoundRobin(u), u.affinity = Affinity::kKey; },
       "upstreams[0].affinity: \"Key\": needs algorithm ConsistentHash, which has a key\n"},
      {[](Upstream& u) { u.drain = Drain::kMove; }, move.c_str()},
      {[](Upstream& u) { u.drain_timeout_seconds = 5; }, timeout.c_str()},
      {[](Upstream& u) { u.affinity = Affinity::kFlow, u.drain_timeout_seconds = 86401; },
       "upstreams[0].drainTimeoutSeconds: 86401: must be 0 to 86400\n"},
  });
}

TEST(CheckUpstream, HealthCheck) {
  ExpectErrors({
      {[](Upstream& u) { u.health_check.reset(); }, ""},
      {[](Upstream& u) { u.health_check = HealthCheck{300, 60, 10, 10, "0x", {}, {}}; }, ""},
      {[](Upstream& u) { u.health_check = HealthCheck{0, 0, 0, 0, "ping", {}, {}}; },
       "upstreams[0].healthCheck.periodSeconds: 0: must be 1 to 300\n"
       "upstreams[0].healthCheck.timeoutSeconds: 0: must be 1 to 60\n"
       "upstreams[0].healthCheck.successThreshold: 0: must be 1 to 10\n"
       "upstreams[0].healthCheck.failureThreshold: 0: must be 1 to 10\n"
       "upstreams[0].healthCheck.payload: \"ping\": must be \"0x\" and pairs of hex digits\n"},
      {[](Upstream& u) { u.health_check->timeout_seconds = 6; },
       "upstreams[0].healthCheck.timeoutSeconds: 6: must be at most periodSeconds, 5\n"},
      {[](Upstream& u) { u.health_check->payload = "0b00000001"; },
       "upstreams[0].healthCheck.payload: \"0b00000001\": must be \"0x\" and pairs of hex "
       "digits\n"},
      {[](Upstream& u) { u.health_check->payload = "0x" + std::string(1024, '0'); }, ""},
      {[](Upstream& u) { u.health_check->payload = "0x" + std::string(1026, '0'); },
       "upstreams[0].healthCheck.payload: 513 bytes: must be at most 512\n"},
      {[](Upstream& u) {
         u.health_check->expect = Expect::kReply;
         u.health_check->expect_bytes = {SampleCondition()};
       },
       ""},
      {[](Upstream& u) { u.health_check->expect_bytes = {SampleCondition()}; },
       "upstreams[0].healthCheck.expectBytes: needs expect \"Reply\": there is nothing to "
       "compare\n"},
      {[](Upstream& u) {
         u.health_check->expect = Expect::kReply;
         u.health_check->expect_bytes = {{0, 2, Operator::kEqual, "0x01"}};
       },
       "upstreams[0].healthCheck.expectBytes[0].value: \"0x01\" is 1 byte, but start 0 to end 2 is "
       "2 bytes: write 4 hex digits\n"},
  });
}

TEST(CheckUpstream, Peers) {
  ExpectErrors({
      {[](Upstream& u) { u.peers.clear(), u.backup_peers.clear(); }, ""},
      {[](Upstream& u) { u.peers.clear(); }, ""},
      {[](Upstream& u) {
         u.peers[0] = {"127.0.0.1", 9, 100, false};
       },
       ""},
      {[](Upstream& u) {
         u.peers[0] = {"0.0.0.0", 0, 0, false};
       },
       "upstreams[0].peers[0].weight: 0: must be 1 to 100\n"
       "upstreams[0].peers[0].port: 0: must be 1 to 65535\n"
       "upstreams[0].peers[0].address: \"0.0.0.0\" is no single address: must be a unicast "
       "address\n"},
      {[](Upstream& u) { u.backup_peers[0].weight = 101; },
       "upstreams[0].backupPeers[0].weight: 101: must be 1 to 100\n"},
      {[](Upstream& u) { u.peers[1].address = "::ffff:10.0.0.2"; },
       "upstreams[0].peers[1].address: \"::ffff:10.0.0.2\": must be written \"10.0.0.2\"\n"},
      {[](Upstream& u) { u.peers.push_back(u.peers[0]); },
       "upstreams[0].peers[2]: 10.0.0.2:2345: also entry 0 of peers: give a peer once, with the "
       "weight that it shall have\n"},
      {[](Upstream& u) { u.backup_peers = {u.peers[0]}; },
       "upstreams[0].backupPeers[0]: 10.0.0.2:2345: also entry 0 of peers: a peer is a backup "
       "or it is none\n"},
      {[](Upstream& u) {
         u.backup_peers = {u.peers[0]};
         u.backup_peers[0].port = 1;
       },
       ""},
  });
}

TEST(CheckUpstream, CountsPeers) {
  ProxyConfig config = SampleConfig();
  auto& peers = config.upstreams[0].peers;
  peers.clear();
  for (std::size_t i = 0; i < kMaxPeers; ++i)
    peers.push_back({"10.0.0.1", static_cast<std::int64_t>(i + 10000), 1, false});
  EXPECT_EQ(ErrorsOf(config), "");
  peers.push_back({"10.0.0.1", 9, 1, false});
  EXPECT_EQ(ErrorsOf(config), "upstreams[0].peers: 5001 entries: must be at most 5000\n");
}

TEST(OwnSockets, KnowsEveryLoop) {
  ProxyConfig config;
  config.own_addresses = {"203.0.113.5"};
  const auto listen = [&](const char* name, const char* address, std::int64_t port) {
    Listener& listener = config.listeners.emplace_back();
    listener.name = name;
    listener.address = address;
    listener.port = port;
  };
  listen("all", "::", 1);
  listen("v4", "0.0.0.0", 2);
  listen("one", "10.0.0.1", 3);
  listen("broken", "x", 99999);
  const OwnSockets own(config);
  struct PeerCase {
    const char* peer;
    const char* reason;
  };
  for (const PeerCase& c : {PeerCase{"127.0.0.1:1", "the listener \"all\""},
                            {"[::1]:1", "the listener \"all\""},
                            {"127.0.0.9:2", "the listener \"v4\""},
                            {"[::1]:2", "none"},
                            {"127.0.0.1:3", "none"},
                            {"127.0.0.1:4", "none"},
                            {"10.0.0.1:3", "the listener \"one\""},
                            {"10.0.0.1:1", "none"},
                            {"10.0.0.2:3", "none"},
                            {"203.0.113.5:1", "one of ownAddresses on the port of a listener"},
                            {"203.0.113.5:3", "one of ownAddresses on the port of a listener"},
                            {"203.0.113.5:4", "none"}})
    EXPECT_EQ(own.LoopAt(SocketAddress::Parse(c.peer).value()).value_or("none"), c.reason)
        << c.peer;
}

}  // namespace
}  // namespace stevedore::config
