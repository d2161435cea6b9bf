#include "controller/compile/compiler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controller/compile/report_text.h"
#include "controller/source/manifests.h"
#include "controller/store/store.h"
#include "proxy/config/validate.h"

namespace stevedore::compile {
namespace {

using api::Reason;
using source::Kind;

source::Object Route(const std::string& ns, const std::string& name, const std::string& spec,
                     const std::string& meta = "") {
  return {{ns, name},
          R"({"metadata":{"generation":2,"uid":"u-)" + name + "\"" + meta + "},\"spec\":{" + spec +
              "}}",
          ""};
}

const std::string kUpstream =
    R"("defaultUpstream":"a","upstreams":[{"name":"a","peers":[{"address":"10.0.0.1","port":1}]}])";

std::string Spec(int port) {
  return R"("listener":{"port":)" + std::to_string(port) + "}," + kUpstream;
}

CompileOptions Options() {
  CompileOptions options;
  options.static_peers = *ParseStaticPeers("any");
  return options;
}

const RouteReport& Find(const CompileOutput& output, const std::string& key) {
  for (const RouteReport& report : output.reports)
    if (report.key.ToString() == key) return report;
  static const RouteReport none;
  ADD_FAILURE() << "no report of " << key;
  return none;
}

TEST(Compile, AnEmptyClusterIsAnEmptyConfig) {
  const CompileOutput output = Compile({}, Options());
  EXPECT_EQ(output.config, config::ProxyConfig{});
  EXPECT_TRUE(output.reports.empty());
}

TEST(Compile, ReportsIdentityAndNames) {
  store::Store store;
  store.Apply(Kind::kRoute, Route("n", "r", Spec(7000), R"(,"resourceVersion":"77")"));
  store.Apply(Kind::kRoute, Route("n", "s", Spec(7000)));
  const CompileOutput output = Compile(*store.View(), Options());
  const RouteReport& report = Find(output, "n/r");
  EXPECT_EQ(report.uid, "u-r");
  EXPECT_EQ(report.generation, 2);
  EXPECT_EQ(report.listener, (ListenerReport{"n/7000", 7000, "n/r", 2}));
  EXPECT_EQ(report.upstreams.at(0).config_name, "n/r/a");
  EXPECT_EQ(output.config.listeners.at(0).name, "n/7000");
}

TEST(Compile, AnotherClassIsIgnoredWhole) {
  store::Store store;
  store.Apply(Kind::kRoute, Route("n", "other", R"("className":"other",)" + Spec(7000)));
  store.Apply(Kind::kRoute, Route("n", "broken", R"("className":"other","nonsense":1)"));
  store.Apply(Kind::kRoute, Route("n", "wrong", R"("className":"NO",)" + Spec(7001)));
  const CompileOutput output = Compile(*store.View(), Options());
  EXPECT_TRUE(output.config.listeners.empty());
  ASSERT_EQ(output.reports.size(), 1u);
  EXPECT_EQ(output.reports[0].key.name, "wrong");
  CompileOptions options = Options();
  options.class_name = "other";
  EXPECT_EQ(Compile(*store.View(), options).config.listeners.size(), 1u);
}

TEST(Compile, AnInvalidOlderRouteClaimsNothing) {
  store::Store store;
  const auto at = [](const char* day) {
    return std::string(R"(,"creationTimestamp":"2026-01-0)") + day + R"(T00:00:00Z")";
  };
  store.Apply(Kind::kRoute, Route("a", "old", Spec(7000) + R"(,"newer":1)", at("1")));
  store.Apply(Kind::kRoute, Route("b", "young", Spec(7000), at("2")));
  store.Apply(Kind::kRoute, Route("c", "younger", Spec(7000), at("3")));
  const CompileOutput output = Compile(*store.View(), Options());
  EXPECT_EQ(Find(output, "a/old").accepted.reason, Reason::kUnsupportedField);
  EXPECT_TRUE(Find(output, "b/young").is_accepted());
  EXPECT_EQ(Find(output, "c/younger").accepted.reason, Reason::kPortConflict);
}

TEST(Compile, PortsMayBeSharedAcrossNamespaces) {
  store::Store store;
  store.Apply(Kind::kRoute, Route("a", "1", Spec(7000)));
  store.Apply(Kind::kRoute, Route("b", "2", Spec(7000)));
  CompileOptions options = Options();
  options.share_ports_across_namespaces = true;
  const CompileOutput output = Compile(*store.View(), options);
  ASSERT_EQ(output.config.listeners.size(), 1u);
  EXPECT_EQ(output.config.listeners[0].name, "a/7000");
  EXPECT_TRUE(Find(output, "b/2").is_accepted());
}

TEST(Compile, AMissingServiceDoesNotCostThePort) {
  store::Store store;
  store.Apply(Kind::kRoute,
              Route("a", "old",
                    R"("listener":{"port":7000},"defaultUpstream":"a","upstreams":[{"name":"a",)"
                    R"("serviceRef":{"name":"none","port":1}}])",
                    R"(,"creationTimestamp":"2026-01-01T00:00:00Z")"));
  store.Apply(Kind::kRoute,
              Route("b", "young", Spec(7000), R"(,"creationTimestamp":"2026-01-02T00:00:00Z")"));
  const CompileOutput output = Compile(*store.View(), Options());
  EXPECT_TRUE(Find(output, "a/old").is_accepted());
  EXPECT_EQ(Find(output, "a/old").resolved_refs.reason, Reason::kServiceNotFound);
  EXPECT_FALSE(Find(output, "b/young").is_accepted());
}

TEST(Compile, APeerThatIsAListenerIsLeftOut) {
  store::Store store;
  store.Apply(Kind::kRoute,
              Route("n", "loop",
                    R"("listener":{"port":7000},"defaultUpstream":"a","upstreams":[{"name":"a",)"
                    R"("peers":[{"address":"127.0.0.1","port":7000},)"
                    R"({"address":"127.0.0.1","port":7001}]}])"));
  CompileOptions options = Options();
  options.directory_mode = true;
  const CompileOutput output = Compile(*store.View(), options);
  EXPECT_EQ(output.config.upstreams.at(0).peers.size(), 1u);
  EXPECT_NE(Find(output, "n/loop").peers_available.message.find("would come back"),
            std::string::npos);
  EXPECT_TRUE(std::holds_alternative<config::ValidConfig>(config::Validate(output.config)));
}

// All objects of the golden cases, in random orders, one by one.
TEST(Compile, TheOrderOfArrivalDoesNotMatter) {
  std::vector<std::pair<Kind, source::Object>> objects;
  for (const char* name : {"merge", "service-peers", "invalid/ports", "invalid/references"}) {
    const auto manifests =
        source::LoadManifests({std::string("tests/golden/compile/") + name + "/routes.yaml",
                               std::string("tests/golden/compile/") + name + "/route.yaml",
                               std::string("tests/golden/compile/") + name + "/services.yaml",
                               std::string("tests/golden/compile/") + name + "/slices.yaml"});
    for (const auto& [kind, list] : manifests.objects)
      for (const source::Object& object : list) objects.emplace_back(kind, object);
  }
  ASSERT_GT(objects.size(), 15u);
  std::mt19937 random(7);
  std::optional<CompileOutput> first;
  for (int round = 0; round < 20; ++round) {
    std::shuffle(objects.begin(), objects.end(), random);
    store::Store store;
    for (const auto& [kind, object] : objects) store.Apply(kind, object);
    CompileOutput output = Compile(*store.View(), Options());
    if (!first) first = output;
    EXPECT_EQ(output.config, first->config);
    EXPECT_EQ(output.reports, first->reports);
  }
}

// Whatever is in the store, what comes out is a valid config: a route is refused, never the whole.
TEST(Compile, DamagedManifestsStillGiveAValidConfig) {
  std::vector<std::pair<Kind, source::Object>> objects;
  for (const auto& [kind, list] :
       source::LoadManifests({"tests/golden/compile/merge", "tests/golden/compile/service-peers",
                              "manifests/examples/local"})
           .objects)
    for (const source::Object& object : list) objects.emplace_back(kind, object);
  const std::vector<std::string> pieces = {"0",     "-1",     "65535", "\"\"",     "null",
                                           "[]",    "{}",     "true",  "\"deny\"", "\"0x\"",
                                           "1e300", "\"::\"", "2048",  "\"a\"",    "\"224.0.0.1\"",
                                           "\"==\""};
  std::mt19937 random(11);
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  for (int round = 0; round < 500; ++round) {
    store::Store store;
    for (auto [kind, object] : objects) {
      if (pick(3) == 0) {
        const std::size_t at = object.json.find_first_of(":[", pick(object.json.size()));
        const std::size_t end = object.json.find_first_of(",}]", at);
        if (end != std::string::npos)
          object.json.replace(at + 1, end - at - 1, pieces[pick(pieces.size())]);
      }
      store.Apply(kind, object);
    }
    CompileOptions options = Options();
    options.directory_mode = round % 2 == 0;
    const CompileOutput output = Compile(*store.View(), options);
    ProblemLines(output);
    const auto validated = config::Validate(output.config);
    if (const auto* errors = std::get_if<config::FieldErrors>(&validated))
      FAIL() << "round " << round << ": " << ToString(errors->front());
  }
}

}  // namespace
}  // namespace stevedore::compile
