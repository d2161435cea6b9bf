#include "controller/convert/traefik.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const NamedPorts kPorts = {{"dns", {53, "", true, "flag"}}, {"game", {9000, "", true, "flag"}}};

std::string Route(const std::string& spec, const std::string& group = "traefik.io") {
  return "apiVersion: " + group +
         "/v1alpha1\nkind: IngressRouteUDP\nmetadata: {name: r, namespace: ns}\nspec: {" + spec +
         "}\n";
}

std::string Services(const std::string& services) {
  return "routes: [{services: [" + services + "]}]";
}

class TraefikTest : public testing::Test {
 protected:
  void Read(const std::string& text, const NamedPorts& given = kPorts) {
    into_ = {};
    documents_ = Parsed(text);
    ReadTraefik(documents_, {}, given, into_);
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const Draft& draft : into_.routes)
      names.push_back(draft.key.ToString() + ":" + std::to_string(draft.spec.listener.port));
    return names;
  }

  std::vector<Document> documents_;
  Conversion into_;
};

TEST_F(TraefikTest, MakesARouteAtTheEntryPoint) {
  for (const char* group : {"traefik.io", "traefik.containo.us"}) {
    Read(Route("entryPoints: [Game], " + Services("{name: quake, port: game}"), group));
    ASSERT_EQ(into_.routes.size(), 1u);
    const Draft& draft = into_.routes[0];
    EXPECT_EQ(draft.key, (kube::Key{"ns", "r"}));
    EXPECT_EQ(draft.spec.listener.port, 9000);
    EXPECT_EQ(draft.spec.default_upstream, "quake");
    EXPECT_EQ(draft.spec.upstreams[0].primary.service,
              (api::ServiceRef{"quake", std::string("game")}));
    EXPECT_EQ(draft.origin.field, "spec.routes[0]");
    EXPECT_THAT(Lines(into_.losses), IsEmpty());
  }
}

TEST_F(TraefikTest, WithoutEntryPointsAllUdpOnesAreMeant) {
  Read(Route(Services("{name: a, port: 1}")) + "---\nentryPoints: {web: {address: ':80'}}\n");
  EXPECT_THAT(Names(), ElementsAre("ns/r-dns:53", "ns/r-game:9000"));
  Read(Route(Services("{name: a, port: 1}")), {});
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("spec.entryPoints: not set")));
}

TEST_F(TraefikTest, EntryPointsThatDoNotFitAreNamed) {
  Read(Route("entryPoints: [web, dns], " + Services("{name: a, port: 1}")) +
       "---\nentryPoints: {web: {address: ':80'}}\n");
  EXPECT_THAT(Names(), ElementsAre("ns/r:53"));
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("\"web\" is a TCP entry point")));
  Read(Route("entryPoints: [nowhere], " + Services("{name: a, port: 1}")));
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("say --entry-point nowhere=PORT")));
}

TEST_F(TraefikTest, OfWeightedServicesTheGreatestStays) {
  Read(Route("entryPoints: [dns], " + Services("{name: a, port: 1}, {name: b, port: 2, weight: 3}, "
                                               "{name: c, port: 3, weight: 0}")));
  ASSERT_EQ(into_.routes.size(), 1u);
  EXPECT_EQ(into_.routes[0].spec.upstreams[0].primary.service, (api::ServiceRef{"b", 2}));
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("spec.routes[0].services[0]: ")));
  EXPECT_THAT(into_.routes[0].decisions, Contains("Service ns/c is left out: its weight is 0."));
  Read(Route("entryPoints: [dns], " + Services("{name: a, port: 1, weight: 0}")));
  EXPECT_EQ(into_.routes.size(), 1u);  // alone, its weight means nothing
  Read(Route("entryPoints: [dns], " +
             Services("{name: a, port: 1, weight: 0}, {name: b, port: 1, weight: 0}")));
  EXPECT_THAT(into_.routes, IsEmpty());
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("no service gets datagrams")));
}

TEST_F(TraefikTest, GoesWhereItsServiceIs) {
  Read(Route("entryPoints: [dns], " + Services("{name: a, namespace: other, port: 1}")));
  EXPECT_THAT(Names(), ElementsAre("other/r:53"));
}

TEST_F(TraefikTest, SeveralRoutesGetNamesOfTheirOwn) {
  Read(
      Route("entryPoints: [dns], routes: [{services: [{name: a, port: 1}]}, {services: [{name: b, "
            "port: 1}]}]"));
  EXPECT_THAT(Names(), ElementsAre("ns/r:53", "ns/r-2:53"));
}

TEST_F(TraefikTest, LosesWhatItCannotDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"{name: a, port: 1, nativeLB: true}", "services[0].nativeLB: true"},
      {"{name: a, port: 1, nodePortLB: true}", "services[0].nodePortLB: true"},
      {"{name: a, port: 1, serversTransport: x}", "services[0].serversTransport: \"x\": not known"},
  };
  for (const auto& [services, line] : cases) {
    Read(Route("entryPoints: [dns], " + Services(services)));
    EXPECT_EQ(into_.routes.size(), 1u);
    EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr(line)));
  }
  Read("apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {name: t}");
  EXPECT_THAT(Lines(into_.losses), ElementsAre("f.yaml: IngressRouteTCP default/t: not UDP: it "
                                               "stays with Traefik"));
}

TEST_F(TraefikTest, NamesWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"{port: 1}", "services[0].name: must be set"},
      {"{name: a}", "services[0].port: must be set"},
      {"{name: a, port: 70000}", "services[0].port: 70000: must be an integer from 1 to 65535"},
      {"{name: a, port: 1, weight: heavy}", "services[0].weight: \"heavy\": must be an integer"},
  };
  for (const auto& [services, line] : cases) {
    Read(Route("entryPoints: [dns], " + Services(services)));
    EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr(line)));
  }
}

}  // namespace
}  // namespace stevedore::convert
