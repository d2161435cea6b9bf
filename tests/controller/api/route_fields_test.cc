#include "controller/api/route_fields.h"

#include <gtest/gtest.h>

#include "tests/controller/api/route_text.h"

namespace stevedore::api {
namespace {

// Findings of a route whose first rule has this condition.
std::string WithCondition(const std::string& condition) {
  return FindingsText(DecodeRoute(
      RouteText(R"("rules":[{"name":"r","upstream":"a","match":[)" + condition + R"(]}])")));
}

TEST(Conditions, GoodOnesHaveNoFindings) {
  for (const char* condition :
       {R"({"start":0,"end":1,"operator":"==","value":"0x01"})",
        R"({"start":2047,"end":2048,"operator":"!&=","value":"0b00000001"})",
        R"({"start":4,"end":6,"operator":"|=","value":"0xFFff"})"})
    EXPECT_EQ(WithCondition(condition), "") << condition;
}

TEST(Conditions, BadOnesAreNamed) {
  struct Case {
    const char* condition;
    const char* finding;
  };
  const Case cases[] = {
      {R"({"start":0,"end":1,"operator":"=","value":"0x01"})", "match[0].operator: \"=\": must be"},
      {R"({"start":0,"end":1,"operator":"","value":"0x01"})", "match[0].operator: \"\": must be"},
      {R"({"start":0,"end":1,"value":"0x01"})", "match[0].operator: must be set"},
      {R"({"start":4,"end":6,"operator":"==","value":"0x01"})", "it has 1, the range 2"},
      {R"({"start":0,"end":1,"operator":"==","value":"0b0101"})", "match[0].value: \"0b0101\""},
      {R"({"start":0,"end":1,"operator":"==","value":"0x"})", "match[0].value: \"0x\""},
      {R"({"start":0,"end":1,"operator":"==","value":1})", "must be a string"},
      {R"({"start":6,"end":4,"operator":"==","value":"0x01"})", "`start` must be less than `end`"},
      {R"({"start":0,"end":65,"operator":"==","value":"0x01"})", "longer than 64"},
      {R"({"start":-1,"end":1,"operator":"==","value":"0x01"})", "from 0 to 2047"},
      {R"({"start":0,"end":2049,"operator":"==","value":"0x01"})", "from 1 to 2048"},
      {R"("text")", "match[0]: \"text\": must be an object"},
  };
  for (const Case& c : cases) {
    const std::string findings = WithCondition(c.condition);
    EXPECT_NE(findings.find("spec.rules[0].match[0]"), std::string::npos) << findings;
    EXPECT_NE(findings.find(c.finding), std::string::npos) << c.condition << "\n" << findings;
  }
}

TEST(Peers, SourcesAreExclusiveAndChecked) {
  struct Case {
    const char* upstream;
    const char* finding;  // empty: good
  };
  const Case cases[] = {
      {R"("serviceRef":{"name":"s","port":80})", ""},
      {R"("serviceRef":{"name":"s","port":"kcp"})", ""},
      {R"("peers":[{"address":"2001:db8::1","port":1,"weight":100}])", ""},
      {R"("backup":{"peers":[{"address":"10.0.0.1","port":1}]})",
       "spec.upstreams[0]: exactly one of"},
      {R"("serviceRef":{"name":"s","port":1},"peers":[{"address":"10.0.0.1","port":1}])",
       "exactly one of `serviceRef` or `peers`"},
      {R"("peers":[])", "peers: 0 entries: must have 1 to 128"},
      {R"("serviceRef":{"name":"s","port":0})", "`port` must be 1 to 65535, or a port name"},
      {R"("serviceRef":{"name":"s","port":"80"})", "`port` must be 1 to 65535, or a port name"},
      {R"("serviceRef":{"name":"S","port":1})", "serviceRef.name: \"S\": must be the name"},
      {R"("serviceRef":{"name":"s"})", "serviceRef.port: must be set"},
      {R"("peers":[{"address":"10.0.0.01","port":1}])", "peers[0].address"},
      {R"("peers":[{"address":"::ffff:10.0.0.1","port":1}])", "peers[0].address"},
      {R"("peers":[{"address":"2001:DB8::1","port":1}])", "canonical form"},
      {R"("peers":[{"address":"0.0.0.0","port":1}])", "peers[0].address"},
      {R"("peers":[{"address":"game.example.com","port":1}])", "peers[0].address"},
      {R"("peers":[{"address":"10.0.0.1","port":1,"weight":0}])", "weight: 0: must be"},
      {R"("peers":[{"address":"10.0.0.1","port":1},{"address":"10.0.0.1","port":1}])",
       "peers[1]: duplicate"},
  };
  for (const Case& c : cases) {
    const std::string findings = FindingsText(DecodeRoute(RouteText("", c.upstream)));
    if (*c.finding == '\0')
      EXPECT_EQ(findings, "") << c.upstream;
    else
      EXPECT_NE(findings.find(c.finding), std::string::npos) << c.upstream << "\n" << findings;
  }
}

}  // namespace
}  // namespace stevedore::api
