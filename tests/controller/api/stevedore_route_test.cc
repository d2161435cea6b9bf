#include "controller/api/stevedore_route.h"

#include <gtest/gtest.h>

#include "tests/controller/api/route_text.h"

namespace stevedore::api {
namespace {

TEST(StevedoreRoute, ReadsMetadataAndDefaults) {
  const StevedoreRoute route = DecodeRoute(RouteText());
  ASSERT_EQ(FindingsText(route), "");
  EXPECT_EQ(route.meta.key().ToString(), "n/r");
  EXPECT_EQ(route.meta.generation, 3);
  EXPECT_EQ(route.spec.class_name, "stevedore");
  EXPECT_EQ(route.spec.priority, 0);
  EXPECT_EQ(route.spec.listener.port, 2614);
  EXPECT_EQ(route.spec.listener.address, "");
  EXPECT_EQ(route.spec.session, SessionSpec{});
}

TEST(StevedoreRoute, ReadsListenerAndSession) {
  const StevedoreRoute route = DecodeRoute(R"({"spec":{"className":"x","priority":-5,
      "listener":{"port":1,"address":"2001:db8::1","maxDatagramBytes":512,"maxTries":16},
      "session":{"idleTimeoutSeconds":1,"embryonicTimeoutSeconds":2,"maxReplyOnlySeconds":3,
      "maxSessionsPerSource":4,"maxSessions":5},
      "defaultUpstream":"a","upstreams":[{"name":"a","serviceRef":{"name":"s","port":1}}]}})");
  ASSERT_EQ(FindingsText(route), "");
  EXPECT_EQ(route.spec.class_name, "x");
  EXPECT_EQ(route.spec.priority, -5);
  EXPECT_EQ(route.spec.listener.address, "2001:db8::1");
  EXPECT_EQ(route.spec.listener.max_datagram_bytes, 512);
  EXPECT_EQ(route.spec.listener.max_tries, 16);
  EXPECT_EQ(route.spec.session.max_sessions, 5);
  EXPECT_EQ(route.spec.session.max_reply_only_seconds, 3);
}

TEST(StevedoreRoute, ReadsLimitsOfClients) {
  EXPECT_EQ(DecodeRoute(RouteText(R"("session":{"maxReplyRatio":3})")).spec.session.max_reply_ratio,
            3);
  const StevedoreRoute route = DecodeRoute(
      R"({"spec":{"listener":{"port":1,"allow":["10.0.0.0/8"],"deny":["::/0","192.0.2.1/32"],
      "rateLimit":{"datagramsPerSecond":5,"burst":9}},"defaultUpstream":"a",
      "upstreams":[{"name":"a","serviceRef":{"name":"s","port":1}}]}})");
  EXPECT_EQ(FindingsText(route), "");
  EXPECT_EQ(route.spec.listener.allow, std::vector<std::string>{"10.0.0.0/8"});
  EXPECT_EQ(route.spec.listener.deny, (std::vector<std::string>{"::/0", "192.0.2.1/32"}));
  EXPECT_EQ(route.spec.listener.rate_limit, (config::SourceRate{5, 9}));
}

TEST(StevedoreRoute, FindingsNameFieldAndReason) {
  struct Case {
    const char* text;
    const char* finding;
  };
  const Case cases[] = {
      {"nonsense", "not valid JSON"},
      {"[]", "must be an object"},
      {"{}", "spec: must be set"},
      {R"({"apiVersion":"stevedore.io/v2","spec":{}})", "apiVersion: \"stevedore.io/v2\""},
      {R"({"spec":{}})", "spec.listener: must be set"},
      {R"({"spec":{}})", "spec.upstreams: must be set"},
      {R"({"spec":{"listener":{}}})", "spec.listener.port: must be set"},
      {R"({"spec":{"listener":{"port":0}}})", "spec.listener.port: 0: must be"},
      {R"({"spec":{"listener":{"port":"2614"}}})", "spec.listener.port: \"2614\": must be"},
      {R"({"spec":{"listener":{"port":1,"address":"0.0.0.0"}}})", "spec.listener.address"},
      {R"({"spec":{"listener":{"port":1,"allow":["x"]}}})", "spec.listener.allow[0]"},
      {R"({"spec":{"listener":{"port":1,"allow":["10.1.2.3/8"]}}})",
       "spec.listener.allow[0]: \"10.1.2.3/8\": must be a network address and its prefix in "
       "canonical form: \"10.0.0.0/8\""},
      {R"({"spec":{"listener":{"port":1,"allow":[8]}}})", "spec.listener.allow[0]: 8: must be"},
      {R"({"spec":{"listener":{"port":1,"deny":["::/0","::/0"]}}})",
       "spec.listener.deny[1]: duplicate"},
      {R"({"spec":{"listener":{"port":1,"rateLimit":{"datagramsPerSecond":1000000001}}}})",
       "spec.listener.rateLimit.datagramsPerSecond"},
      {R"({"spec":{"priority":1001}})", "spec.priority: 1001"},
      {R"({"spec":{"defaultUpstream":"x"}})", "`defaultUpstream` must be 'deny' or name"},
      {R"({"spec":{}})", "must set `rules` or a `defaultUpstream` other than 'deny'"},
      {R"({"spec":{"rules":[{"name":"r","upstream":"x","match":[]}]}})",
       "spec.rules[0].upstream: \"x\": every rule's `upstream`"},
      {R"({"spec":{"rules":[{"name":"r","upstream":"deny","match":[]}]}})",
       "spec.rules[0].match: 0 entries: must have 1 to 8"},
      {R"({"spec":{"rules":[{"name":"r"},{"name":"r"}]}})", "rule names must be unique"},
      {R"({"spec":{"sesion":{}}})", "? spec.sesion: unknown field"},
  };
  for (const Case& c : cases) {
    const std::string findings = FindingsText(DecodeRoute(c.text));
    EXPECT_NE(findings.find(c.finding), std::string::npos) << c.text << "\n" << findings;
  }
}

// So that a route with a class that cannot be read is told about, not ignored by everyone.
TEST(StevedoreRoute, AWrongClassIsEmpty) {
  EXPECT_EQ(DecodeRoute(R"({"spec":{"className":"NOT GOOD"}})").spec.class_name, "");
  EXPECT_EQ(DecodeRoute(R"({"spec":{"className":7}})").spec.class_name, "");
}

}  // namespace
}  // namespace stevedore::api
