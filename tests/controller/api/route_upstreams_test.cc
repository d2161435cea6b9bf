#include "controller/api/route_upstreams.h"

#include <gtest/gtest.h>

#include "tests/controller/api/route_text.h"

namespace stevedore::api {
namespace {

const std::string kPeers = R"("peers":[{"address":"10.0.0.1","port":1}])";

TEST(Upstreams, DefaultsAreThoseOfTheSchema) {
  const StevedoreRoute route = DecodeRoute(RouteText("", kPeers + R"(,"healthCheck":{})"));
  ASSERT_EQ(FindingsText(route), "");
  const UpstreamSpec& upstream = route.spec.upstreams.at(0);
  EXPECT_EQ(upstream.algorithm, config::Algorithm::kRoundRobin);
  EXPECT_EQ(upstream.affinity, std::nullopt);
  EXPECT_EQ(upstream.drain, std::nullopt);
  EXPECT_EQ(upstream.when_none_usable, config::WhenNoneUsable::kFailOpen);
  EXPECT_EQ(upstream.health_check, config::HealthCheck{});
  EXPECT_EQ(upstream.primary.peers.at(0).weight, 1);
}

TEST(Upstreams, EveryFieldIsRead) {
  const StevedoreRoute route = DecodeRoute(RouteText(
      "", kPeers +
              R"(,"algorithm":"ConsistentHash","hashKey":{"start":0,"end":4},"affinity":"Key",
      "drain":"Move","drainTimeoutSeconds":9,"whenNoneUsable":"Drop",
      "backup":{"serviceRef":{"name":"s","port":"p"}},
      "healthCheck":{"periodSeconds":9,"timeoutSeconds":8,"successThreshold":2,
      "failureThreshold":4,"payload":"0x","expect":"Reply",
      "expectBytes":[{"start":0,"end":1,"operator":"==","value":"0x01"}]})"));
  ASSERT_EQ(FindingsText(route), "");
  const UpstreamSpec& upstream = route.spec.upstreams.at(0);
  EXPECT_EQ(upstream.hash_key, (config::HashKey{config::KeySource::kPayload, 0, 4}));
  EXPECT_EQ(upstream.affinity, config::Affinity::kKey);
  EXPECT_EQ(upstream.drain, config::Drain::kMove);
  EXPECT_EQ(upstream.drain_timeout_seconds, 9);
  EXPECT_EQ(upstream.when_none_usable, config::WhenNoneUsable::kDrop);
  EXPECT_EQ(upstream.backup->service, (ServiceRef{"s", PortRef("p")}));
  EXPECT_EQ(upstream.health_check->payload, "0x");
  EXPECT_EQ(upstream.health_check->expect_bytes.size(), 1u);
}

TEST(Upstreams, RulesOfTheSchemaHold) {
  struct Case {
    const char* upstream;
    const char* finding;  // empty: good
  };
  const Case cases[] = {
      {R"("algorithm":"ConsistentHash")", "`hashKey` must be set when, and only when"},
      {R"("hashKey":{"source":"ClientAddress"})", "`hashKey` must be set when, and only when"},
      {R"("algorithm":"ConsistentHash","hashKey":{"source":"ClientAddressPort"})", ""},
      {R"("algorithm":"ConsistentHash","hashKey":{})", "either `start` and `end`, or `source`"},
      {R"("algorithm":"ConsistentHash","hashKey":{"start":0})", "either `start` and `end`"},
      {R"("algorithm":"ConsistentHash","hashKey":{"start":0,"end":1,"source":"ClientAddress"})",
       "either `start` and `end`"},
      {R"("algorithm":"ConsistentHash","hashKey":{"start":0,"end":65})", "longer than 64 bytes"},
      {R"("algorithm":"rr")", "algorithm: \"rr\": must be one of"},
      {R"("affinity":"Key")", "`affinity: Key` needs"},
      {R"("affinity":"None","drain":"Keep")", "`drain` and `drainTimeoutSeconds` need"},
      {R"("drainTimeoutSeconds":1)", ""},
      {R"("affinity":"None","followReplyPort":{})", "`followReplyPort` needs"},
      {R"("followReplyPort":{})", ""},
      {R"("followReplyPort":{"restart":[]})", "restart"},
      {R"("healthCheck":{"timeoutSeconds":6})", "`timeoutSeconds` must be less than or equal"},
      {R"("healthCheck":{"payload":"0b00000001"})", "healthCheck.payload"},
      {R"("healthCheck":{"expectBytes":[{"start":0,"end":1,"operator":"==","value":"0x01"}]})",
       "`expectBytes` needs `expect: Reply`"},
      {R"("healthChek":{})", "? spec.upstreams[0].healthChek: unknown field"},
  };
  for (const Case& c : cases) {
    const std::string findings =
        FindingsText(DecodeRoute(RouteText("", kPeers + "," + c.upstream)));
    if (*c.finding == '\0')
      EXPECT_EQ(findings, "") << c.upstream;
    else
      EXPECT_NE(findings.find(c.finding), std::string::npos) << c.upstream << "\n" << findings;
  }
}

TEST(Upstreams, NamesAreUniqueAndNotDeny) {
  const std::string twice = R"({"spec":{"listener":{"port":1},"defaultUpstream":"a","upstreams":[
      {"name":"a","peers":[{"address":"10.0.0.1","port":1}]},
      {"name":"a","peers":[{"address":"10.0.0.1","port":1}]},
      {"name":"deny","peers":[{"address":"10.0.0.1","port":1}]}]}})";
  const std::string findings = FindingsText(DecodeRoute(twice));
  EXPECT_NE(findings.find("upstreams[1]: duplicate: \"a\" is the name of an upstream above"),
            std::string::npos);
  EXPECT_NE(findings.find("upstreams[2].name: 'deny' is reserved"), std::string::npos);
}

}  // namespace
}  // namespace stevedore::api
