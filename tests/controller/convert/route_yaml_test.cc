#include "controller/convert/route_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/source/yaml_json.h"

namespace stevedore::convert {
namespace {

// Every field that ToYaml() writes, with names that YAML would read as something else.
Draft Everything() {
  Draft draft{{"f.yaml", "Kind ns/x", "spec"}, {"123", "on.5"}, {}, {"Decided.", "two\nlines"}};
  api::RouteSpec& spec = draft.spec;
  spec.class_name = "true";
  spec.listener.port = 53;
  spec.listener.address = "2001:db8::1";
  spec.listener.max_tries = 4;
  spec.session.idle_timeout_seconds = 90;
  spec.default_upstream = "no";
  spec.rules = {{"1e3",
                 {{0, 1, config::Operator::kNotEqual, "0b00000001"},
                  {2, 4, config::Operator::kSuperset, "0x0102"}},
                 "deny"}};
  api::UpstreamSpec hashed;
  hashed.name = "no";
  hashed.algorithm = config::Algorithm::kConsistentHash;
  hashed.hash_key = config::HashKey{config::KeySource::kPayload, 0, 4};
  hashed.affinity = config::Affinity::kKey;
  hashed.primary.service = api::ServiceRef{"null", std::string("dns")};
  hashed.backup.emplace().service = api::ServiceRef{"b", 54};
  hashed.health_check = config::HealthCheck{
      9, 3, 2, 4, "0x01", config::Expect::kReply, {{0, 1, config::Operator::kEqual, "0x02"}}};
  api::UpstreamSpec listed;
  listed.name = "listed";
  listed.affinity = config::Affinity::kNone;
  listed.primary.peers = {{"10.0.0.1", 1, 3}, {"::2", 2, 1}};
  listed.backup.emplace().peers = {{"10.0.0.3", 3, 1}};
  listed.health_check.emplace();
  api::UpstreamSpec by_client = hashed;
  by_client.name = "by-client";
  by_client.affinity = config::Affinity::kFlow;
  by_client.hash_key = config::HashKey{config::KeySource::kClientAddress, 0, 0};
  by_client.backup.reset();
  by_client.health_check.reset();
  spec.upstreams = {hashed, listed, by_client};
  return draft;
}

TEST(ToYaml, IsDecodedToTheSame) {
  const Draft draft = Everything();
  const auto documents = source::YamlToJson(ToYaml(draft));
  ASSERT_TRUE(documents) << documents.error().detail;
  ASSERT_EQ(documents->size(), 1u);
  const api::StevedoreRoute route = api::DecodeRoute(documents->front());
  for (const config::FieldError& error : route.findings.errors) ADD_FAILURE() << ToString(error);
  EXPECT_EQ(route.findings, api::Findings{});
  EXPECT_EQ(route.meta.key(), draft.key);
  EXPECT_EQ(route.spec, draft.spec);
}

TEST(ToYaml, LeavesDefaultsOut) {
  Draft draft{{"f.yaml", "", ""}, {"ns", "name"}, {}, {}};
  draft.spec.listener.port = 53;
  draft.spec.default_upstream = "dns";
  api::UpstreamSpec& upstream = draft.spec.upstreams.emplace_back();
  upstream.name = "dns";
  upstream.primary.service = api::ServiceRef{"dns", 53};
  EXPECT_EQ(ToYaml(draft), R"(# From f.yaml
apiVersion: stevedore.io/v1alpha1
kind: StevedoreRoute
metadata:
  name: name
  namespace: ns
spec:
  listener:
    port: 53
  defaultUpstream: dns
  upstreams:
  - name: dns
    serviceRef:
      name: dns
      port: 53
)");
}

TEST(ToYaml, KeepsCommentsOnTheirLines) {
  EXPECT_THAT(ToYaml(Everything()), testing::StartsWith("# From f.yaml: Kind ns/x: spec\n"
                                                        "# - Decided.\n# - two lines\n"));
  Draft draft = Everything();
  const std::string word(60, 'w');
  draft.decisions = {word + " " + word + " x\x01"};
  EXPECT_THAT(ToYaml(draft), testing::HasSubstr("# - " + word + "\n#   " + word + " x?\napi"));
}

}  // namespace
}  // namespace stevedore::convert
