#include "controller/convert/check.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Draft Route(const std::string& name, std::int64_t port) {
  Draft draft{{"f.yaml", "Kind " + name, ""}, {"ns", name}, {}, {}};
  draft.spec.listener.port = port;
  api::UpstreamSpec& upstream = draft.spec.upstreams.emplace_back();
  upstream.name = "a";
  upstream.primary.service = api::ServiceRef{"server", 9000};
  draft.spec.default_upstream = "a";
  return draft;
}

std::vector<std::string> Check(Conversion& conversion, const std::string& services = "") {
  return CheckRoutes(Parsed(services), "edge", conversion);
}

TEST(CheckRoutes, PrintsWhatIsAccepted) {
  Conversion conversion;
  conversion.routes = {Route("a", 1), Route("b", 2)};
  const auto texts = Check(conversion);
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_THAT(texts[0], HasSubstr("className: edge\n"));
  EXPECT_THAT(texts[1], HasSubstr("name: b\n"));
  EXPECT_THAT(conversion.losses, IsEmpty());
  EXPECT_THAT(conversion.notes, IsEmpty());
}

TEST(CheckRoutes, LeavesOutWhatIsNot) {
  Conversion conversion;
  conversion.routes = {Route("many", 1), Route("good", 2), Route("loop", 3), Route("Bad_Name", 4)};
  for (int i = 0; i < 65; ++i)
    conversion.routes[0].spec.rules.push_back(
        {"r" + std::to_string(i), {{0, 1, config::Operator::kEqual, "0x01"}}, "a"});
  conversion.routes[2].spec.upstreams[0].primary = {std::nullopt, {{"127.0.0.1", 5, 1}}};
  const auto texts = Check(conversion);
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_THAT(texts[0], HasSubstr("name: good\n"));
  ASSERT_EQ(conversion.routes.size(), 1u);
  EXPECT_THAT(
      Lines(conversion.losses),
      ElementsAre(HasSubstr("f.yaml: Kind many: the route is not accepted, write it by hand: "
                            "spec.rules: 65 entries: must have 0 to 64"),
                  HasSubstr("\"127.0.0.1\" is a loopback address"),
                  HasSubstr("Kind Bad_Name: no route can be called ns/Bad_Name")));
}

TEST(CheckRoutes, TwoNamespacesCannotShareAPort) {
  Conversion conversion;
  conversion.routes = {Route("a", 1), Route("b", 1)};
  conversion.routes[1].key.ns = "other";
  conversion.routes[1].spec.listener.address = "192.0.2.1";
  EXPECT_EQ(Check(conversion).size(), 1u);
  EXPECT_THAT(Lines(conversion.losses), ElementsAre(HasSubstr("PortConflict")));
}

TEST(CheckRoutes, TellsWhatTheGivenServicesSay) {
  const std::string head =
      "{apiVersion: v1, kind: Service, metadata: {name: server, namespace: ns}, ";
  const std::pair<std::string, const char*> cases[] = {
      {head + "spec: {ports: [{port: 9001, protocol: UDP}]}}", "PortNotFound"},
      {head + "spec: {ports: [{port: 9000, protocol: TCP}]}}", "UnsupportedProtocol"},
      {head + "spec: {type: ExternalName, externalName: x}}", "UnsupportedServiceType"},
  };
  for (const auto& [service, reason] : cases) {
    Conversion conversion;
    conversion.routes = {Route("a", 1)};
    EXPECT_EQ(Check(conversion, service).size(), 1u);
    EXPECT_THAT(Lines(conversion.notes), ElementsAre(HasSubstr(reason)));
    EXPECT_THAT(conversion.losses, IsEmpty());
  }
}

TEST(CheckRoutes, TellsOfRulesThatAreNeverReached) {
  Conversion conversion;
  conversion.routes = {Route("a", 1)};
  const std::vector<config::Condition> match = {{0, 1, config::Operator::kEqual, "0x01"}};
  conversion.routes[0].spec.rules = {{"r1", match, "a"}, {"r2", match, "deny"}};
  conversion.routes[0].spec.upstreams[0].primary = {std::nullopt, {{"10.0.0.1", 5, 1}}};
  EXPECT_EQ(Check(conversion).size(), 1u);
  EXPECT_THAT(Lines(conversion.notes), ElementsAre(HasSubstr("RuleShadowed")));
}

}  // namespace
}  // namespace stevedore::convert
