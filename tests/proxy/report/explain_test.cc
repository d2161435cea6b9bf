#include "proxy/report/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/config/load.h"

namespace stevedore::report {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

constexpr const char* kConfig = R"({ "version": 1,
  "listeners": [
    { "name": "game/7000", "port": 7000, "maxDatagramBytes": 512,
      "rules": [
        { "name": "debug", "upstream": "deny",
          "match": [ { "start": 0, "end": 1, "operator": "&=", "value": "0b10000000" } ] },
        { "name": "v1", "upstream": "kcp",
          "match": [ { "start": 4, "end": 6, "operator": "==", "value": "0x0001" } ] },
        { "name": "v2", "upstream": "turns",
          "match": [ { "start": 4, "end": 6, "operator": "==", "value": "0x0002" } ] },
        { "name": "v3", "upstream": "empty",
          "match": [ { "start": 4, "end": 6, "operator": "==", "value": "0x0003" } ] } ] },
    { "name": "game/7001", "port": 7001, "defaultUpstream": "kcp" } ],
  "upstreams": [
    { "name": "kcp", "algorithm": "ConsistentHash", "hashKey": { "start": 6, "end": 10 },
      "peers": [ { "address": "10.0.0.1", "port": 5 } ],
      "backupPeers": [ { "address": "10.0.0.9", "port": 5 } ] },
    { "name": "turns", "peers": [ { "address": "10.0.0.2", "port": 5, "weight": 2 },
                                  { "address": "10.0.0.3", "port": 5 } ] },
    { "name": "empty", "peers": [] } ] })";

std::string Say(std::uint16_t port, config::Bytes payload) {
  const config::Loaded loaded = config::Load(kConfig);
  EXPECT_TRUE(loaded.config);
  const config::SocketAddress client{config::IpAddress::V4(0x0a000101), 4000};
  const auto said = Explain(*loaded.config, {port, std::move(payload), client});
  EXPECT_TRUE(said);
  return said ? *said : "";
}

TEST(Explain, TellsEachCompareUpToTheRuleThatHolds) {
  const std::string said = Say(7000, {0, 0, 0, 0, 0, 1, 1, 2, 3, 4});
  EXPECT_THAT(said, HasSubstr("data[0:1] 0x00 &= 0b10000000: no\n"));
  EXPECT_THAT(said, HasSubstr("data[4:6] 0x0001 == 0x0001: yes\n"));
  EXPECT_THAT(said, Not(HasSubstr("0x0002")));
  EXPECT_THAT(said, HasSubstr("\nrule: v1\nupstream: kcp\n"));
  EXPECT_THAT(said, HasSubstr("\nkey: 0x01020304\n"));
  EXPECT_THAT(said, HasSubstr("passed over 10.0.0.9:5: not in this tier\n"));
  EXPECT_THAT(said, HasSubstr("\nslot: "));
  EXPECT_THAT(said, EndsWith("\nverdict: peer 10.0.0.1:5\n"));
}

TEST(Explain, TellsWhoIsLetInAndThatLimitsAreNotCounted) {
  const auto say = [](const char* limits) {
    const config::Loaded loaded = config::Load(
        std::string(R"({"version": 1, "upstreams": [{"name": "u", "peers": [{"address": "10.0.0.2",
          "port": 5}]}], "listeners": [{"name": "l", "port": 1, "defaultUpstream": "u", )") +
        limits + "}]}");
    EXPECT_TRUE(loaded.config);
    const config::SocketAddress client{config::IpAddress::V4(0x0a000101), 4000};
    return *Explain(*loaded.config, {1, {}, client});
  };
  EXPECT_THAT(say(R"("allow": ["10.0.0.0/8"], "deny": ["10.0.1.0/24"])"),
              AllOf(HasSubstr("\naccess: refused, the client is in deny 10.0.1.0/24\n"),
                    EndsWith("\nverdict: drop not_allowed\n")));
  EXPECT_THAT(say(R"("allow": ["10.9.0.0/16", "::/0"])"),
              AllOf(HasSubstr("\naccess: refused, the client is in no range of allow\n"),
                    EndsWith("\nverdict: drop not_allowed\n")));
  EXPECT_THAT(say(R"("allow": ["10.9.0.0/16", "10.0.0.0/8"])"),
              AllOf(HasSubstr("\naccess: let in, the client is in allow 10.0.0.0/8\n"),
                    EndsWith("\nverdict: peer 10.0.0.2:5\n")));
  EXPECT_THAT(say(R"("deny": ["10.9.0.0/16"])"),
              HasSubstr("\naccess: let in, the client is in no range of deny\n"));
  EXPECT_THAT(say(R"("rateLimit": {"datagramsPerSecond": 9})"),
              AllOf(HasSubstr("\nrate limit: 9 datagrams/s, burst 9 from each client address; not "
                              "counted here, taken as kept\n"),
                    Not(HasSubstr("access:")), EndsWith("\nverdict: peer 10.0.0.2:5\n")));
}

TEST(Explain, TellsTurns) {
  const std::string said = Say(7000, {0, 0, 0, 0, 0, 2});
  EXPECT_THAT(said, HasSubstr("  turn 2: "));
  EXPECT_THAT(said, EndsWith("\nverdict: peer 10.0.0.2:5\n"));
}

TEST(Explain, NamesTheReasonOfADrop) {
  EXPECT_THAT(Say(7000, {0x80, 0, 0, 0, 0, 1}), EndsWith("\nverdict: drop denied\n"));
  EXPECT_THAT(Say(7000, {0, 0, 0, 0, 9, 9}), EndsWith("\nverdict: drop no_match\n"));
  EXPECT_THAT(Say(7000, {0, 0, 0, 0, 0, 1}), EndsWith("\nverdict: drop short_key\n"));
  EXPECT_THAT(Say(7000, {0, 0, 0, 0, 0, 3}), EndsWith("\nverdict: drop no_peer\n"));
  EXPECT_THAT(Say(7000, config::Bytes(513)), EndsWith("\nverdict: drop truncated\n"));
  EXPECT_THAT(Say(7000, {}), HasSubstr("no, the datagram is too short\n"));
}

TEST(Explain, ListsThePortsWhenThereIsNoSuchListener) {
  const config::Loaded loaded = config::Load(kConfig);
  const auto said = Explain(*loaded.config, {7002, {}, {}});
  ASSERT_FALSE(said);
  EXPECT_EQ(said.error().detail, "no listener has port 7002; the config has 7000, 7001");
}

}  // namespace
}  // namespace stevedore::report
