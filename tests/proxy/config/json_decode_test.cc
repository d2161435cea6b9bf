#include <gtest/gtest.h>

#include "proxy/config/document.h"
#include "proxy/config/json_codec.h"

namespace stevedore::config {
namespace {

std::string ErrorsOf(std::string_view text) {
  std::string all;
  for (const FieldError& error : Decode(text).errors) all += ToString(error) + "\n";
  return all;
}

TEST(Decode, ReadsEveryField) {
  const Decoded decoded = Decode(R"({ "version": 1, "hashSeed": 18446744073709551615,
    "ownAddresses": ["203.0.113.5"],  // of the Service
    "listeners": [{"name": "l", "address": "10.0.0.1", "port": 2614, "maxDatagramBytes": 1500,
      "maxTries": 2, "session": {"idleTimeoutSeconds": 1, "embryonicTimeoutSeconds": 2,
      "maxReplyOnlySeconds": 3, "maxSessions": 4, "maxSessionsPerSource": 5,
        "maxReplyRatio": 6}, "allow": ["10.0.0.0/8", "::/0"], "deny": ["10.1.0.0/16"],
      "rateLimit": {"datagramsPerSecond": 7, "burst": 8},
      "rules": [{"name": "r", "upstream": "u", "match":
        [{"start": 4, "end": 6, "operator": "!&=", "value": "0x0001"}]}],
      "defaultUpstream": "u"}],
    "upstreams": [{"name": "u", "algorithm": "ConsistentHash", "hashKey": {"start": 0, "end": 4},
      "affinity": "Key", "drain": "Move", "drainTimeoutSeconds": 9, "whenNoneUsable": "Drop",
      "healthCheck": {"periodSeconds": 6, "timeoutSeconds": 2, "successThreshold": 3,
        "failureThreshold": 4, "payload": "0x70", "expect": "Reply", "expectBytes":
        [{"start": 0, "end": 1, "operator": "|=", "value": "0b00000001"}]},
      "peers": [{"address": "10.0.0.2", "port": 1, "weight": 2, "draining": true}],
      "backupPeers": [{"address": "10.0.0.3", "port": 3}]}]})");
  EXPECT_TRUE(decoded.errors.empty());
  EXPECT_TRUE(decoded.notes.empty());

  Listener listener;
  listener.name = "l";
  listener.address = "10.0.0.1";
  listener.port = 2614;
  listener.max_datagram_bytes = 1500;
  listener.max_tries = 2;
  listener.allow = {"10.0.0.0/8", "::/0"};
  listener.deny = {"10.1.0.0/16"};
  listener.rate_limit = SourceRate{7, 8};
  listener.session = {1, 2, 3, 4, 5, 6};
  listener.rules = {{"r", {{4, 6, Operator::kNotSuperset, "0x0001"}}, "u"}};
  listener.default_upstream = "u";
  Upstream upstream;
  upstream.name = "u";
  upstream.algorithm = Algorithm::kConsistentHash;
  upstream.hash_key = HashKey{KeySource::kPayload, 0, 4};
  upstream.affinity = Affinity::kKey;
  upstream.drain = Drain::kMove;
  upstream.drain_timeout_seconds = 9;
  upstream.when_none_usable = WhenNoneUsable::kDrop;
  upstream.health_check =
      HealthCheck{6, 2, 3, 4, "0x70", Expect::kReply, {{0, 1, Operator::kSubset, "0b00000001"}}};
  upstream.peers = {{"10.0.0.2", 1, 2, true}};
  upstream.backup_peers = {{"10.0.0.3", 3, 1, false}};
  const ProxyConfig expected{18446744073709551615u, {"203.0.113.5"}, {listener}, {upstream}};
  EXPECT_EQ(decoded.config, expected);
}

TEST(Decode, FillsDefaults) {
  const Decoded decoded = Decode(
      R"({"version": 1, "listeners": [{"name": "l", "port": 1}], "upstreams": [{"name": "u"}]})");
  EXPECT_TRUE(decoded.errors.empty());
  Listener listener;
  listener.name = "l";
  listener.port = 1;
  Upstream upstream;
  upstream.name = "u";
  EXPECT_EQ(decoded.config, (ProxyConfig{0, {}, {listener}, {upstream}}));
}

TEST(Decode, ReadsBothKindsOfHashKey) {
  for (const auto& [name, source] : {std::pair{"ClientAddress", KeySource::kClientAddress},
                                     {"ClientAddressPort", KeySource::kClientAddressPort}}) {
    const Decoded decoded = Decode(
        std::string(R"({"version": 1, "upstreams": [{"name": "u", "hashKey": {"source": ")") +
        name + "\"}}]}");
    EXPECT_TRUE(decoded.errors.empty());
    EXPECT_EQ(decoded.config.upstreams.at(0).hash_key->source, source);
  }
  EXPECT_EQ(ErrorsOf(R"({"version": 1, "upstreams": [{"name": "u",
                         "hashKey": {"source": "ClientAddress", "start": 0}}]})"),
            "line 2: upstreams[0].hashKey.start: must not be set beside source: set start and end, "
            "or source\n");
  EXPECT_EQ(ErrorsOf(R"({"version": 1, "upstreams": [{"name": "u", "hashKey": {"start": 0}}]})"),
            "line 1: upstreams[0].hashKey.end: missing: must be set\n");
}

TEST(Decode, RefusesOtherVersionsAndForms) {
  EXPECT_EQ(ErrorsOf(R"({"version": 2})"),
            "line 1: version: 2: must be 1, the only version known here\n");
  EXPECT_EQ(ErrorsOf(R"({"version": "1"})"),
            "line 1: version: \"1\": must be 1, the only version known here\n");
  EXPECT_EQ(ErrorsOf("{}"), "line 1: version: missing: must be 1\n");
  EXPECT_EQ(ErrorsOf("[]"), "line 1: a list: must be an object\n");
  EXPECT_EQ(ErrorsOf(R"({"version": 1, "Server": {}})"), "line 1: Server: unknown field\n");
}

TEST(Decode, ReadsLimitsOfClients) {
  EXPECT_EQ(ErrorsOf(R"({"version": 1,
  "listeners": [{"name": "l", "port": 1, "allow": "10.0.0.0/8",
    "deny": [7], "rateLimit": {"burst": "5", "per": 1}, "session": {"maxReplyRatio": "3"}}]})"),
            "line 2: listeners[0].allow: \"10.0.0.0/8\": must be a list\n"
            "line 3: listeners[0].deny[0]: 7: must be text in double quotes\n"
            "line 3: listeners[0].rateLimit.datagramsPerSecond: missing: must be set\n"
            "line 3: listeners[0].rateLimit.burst: \"5\": must be a whole number\n"
            "line 3: listeners[0].rateLimit.per: unknown field\n"
            "line 3: listeners[0].session.maxReplyRatio: \"3\": must be a whole number\n");
  const Decoded decoded = Decode(
      R"({"version": 1, "listeners": [{"name": "l", "port": 1,
          "rateLimit": {"datagramsPerSecond": 5}}]})");
  EXPECT_TRUE(decoded.errors.empty());
  EXPECT_EQ(decoded.config.listeners.at(0).rate_limit, (SourceRate{5, std::nullopt}));
}

TEST(Decode, ReportsEverythingAtOnceAndKeepsTheRest) {
  const Decoded decoded = Decode(R"({"version": 1,
  "listeners": [{"name": "l", "port": "2614", "rules": [
    {"name": "r", "upstream": "u", "match": [
      {"start": 0, "end": 1, "operator": "=", "value": 1}]}]}],
  "upstreams": [{"name": "u", "algorithm": "Random", "affinty": "Key"}], "hashSeed": -1})");
  std::string all;
  for (const FieldError& error : decoded.errors) all += ToString(error) + "\n";
  EXPECT_EQ(all,
            "line 5: hashSeed: -1: must be 0 or more\n"
            "line 2: listeners[0].port: \"2614\": must be a whole number\n"
            "line 4: listeners[0].rules[0].match[0].operator: \"=\": must be one of \"==\", "
            "\"!==\", \"|=\", \"!|=\", \"&=\", \"!&=\"\n"
            "line 4: listeners[0].rules[0].match[0].value: 1: must be text in double quotes\n"
            "line 5: upstreams[0].algorithm: \"Random\": must be one of \"RoundRobin\", "
            "\"ConsistentHash\"\n"
            "line 5: upstreams[0].affinty: unknown field: did you mean \"affinity\"?\n");
  EXPECT_EQ(decoded.config.listeners.at(0).name, "l");
  EXPECT_EQ(decoded.config.upstreams.at(0).name, "u");
}

TEST(DecodeDocument, TellsTheForms) {
  EXPECT_FALSE(DecodeDocument(R"({"version": 1})").seed);
  for (const char* text : {R"({"Server": {}})", R"({"Upload": {}})", R"({"Session": {}})"})
    EXPECT_TRUE(DecodeDocument(text).seed) << text;
  EXPECT_FALSE(DecodeDocument("{").tree);
}

}  // namespace
}  // namespace stevedore::config
