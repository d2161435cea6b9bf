#include "controller/convert/entry_points.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EntryPointsTest : public testing::Test {
 protected:
  EntryPoints Read(const std::string& text, const std::string& arguments = "",
                   const NamedPorts& given = {}) {
    into_ = {};
    documents_ = Parsed(text);
    return ReadEntryPoints(documents_, {{"args", arguments}}, given, into_);
  }

  std::vector<Document> documents_;
  Conversion into_;
};

TEST(ParseAddress, KnowsProtocolAndHost) {
  const auto any = ParseAddress(":9000/udp");
  ASSERT_TRUE(any);
  EXPECT_EQ(any->port, 9000);
  EXPECT_TRUE(any->udp);
  EXPECT_EQ(any->address, "");
  EXPECT_FALSE(ParseAddress(":9000")->udp);
  EXPECT_FALSE(ParseAddress(":9000/tcp")->udp);
  EXPECT_EQ(ParseAddress("10.0.0.1:9000/udp")->address, "10.0.0.1");
  EXPECT_EQ(ParseAddress("[2001:db8::1]:9000/udp")->address, "2001:db8::1");
  EXPECT_EQ(ParseAddress("[::]:9000/UDP")->address, "");
  EXPECT_EQ(ParseAddress("0.0.0.0:9000/udp")->address, "");
  for (const char* text : {"", "9000", ":/udp", ":0/udp", ":9000/sctp", "host:9000/udp"})
    EXPECT_FALSE(ParseAddress(text)) << text;
}

TEST_F(EntryPointsTest, AreReadFromTheStaticConfiguration) {
  const EntryPoints points = Read(
      "entryPoints: {Web: {address: ':80'}, Game: {address: ':9000/udp', udp: {timeout: 30}}}");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_FALSE(points.at("web").where.udp);
  EXPECT_EQ(points.at("game").where.port, 9000);
  EXPECT_EQ(points.at("game").where.origin, "f.yaml: entryPoints.Game.address");
  EXPECT_EQ(points.at("game").idle_seconds, 30);
  EXPECT_TRUE(documents_[0].used);
  Read("entryPoints: {a: {address: nine}, b: {}}");
  EXPECT_THAT(Lines(into_.errors),
              ElementsAre(HasSubstr("entryPoints.a.address: \"nine\": must be [HOST]:PORT/udp"),
                          HasSubstr("entryPoints.b.address: must be [HOST]:PORT/udp")));
}

TEST_F(EntryPointsTest, AreReadFromTheValuesOfTheChart) {
  const EntryPoints points = Read(R"(
ports:
  web: {port: 8000, exposedPort: 80}
  hidden: {port: 8001, exposedPort: 81, protocol: UDP}
  host: {port: 8002, hostPort: 82, hostIP: 192.0.2.1, protocol: UDP}
  old: {port: 8003, expose: true, exposedPort: 83, protocol: UDP}
  new: {port: 8004, expose: {internal: null, default: true}, exposedPort: 84, protocol: UDP,
        nodePort: 30084}
  broken: {protocol: UDP}
additionalArguments: ["--entryPoints.old.udp.timeout=1m", "--log.level=INFO"])");
  EXPECT_FALSE(points.at("web").where.udp);
  EXPECT_EQ(points.at("hidden").where.port, 8001);
  EXPECT_EQ(points.at("host").where.port, 82);
  EXPECT_EQ(points.at("host").where.address, "192.0.2.1");
  EXPECT_EQ(points.at("old").where.port, 83);
  EXPECT_EQ(points.at("old").idle_seconds, 60);
  EXPECT_EQ(points.at("new").where.port, 84);
  EXPECT_EQ(points.at("new").where.origin, "f.yaml: ports.new.exposedPort");
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("ports.new.nodePort: 30084")));
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("ports.broken.port: must be set")));
}

TEST_F(EntryPointsTest, AreReadFromCommandLines) {
  const EntryPoints points =
      Read("",
           "--entrypoints.a.udp.timeout=2s\n--entryPoints.a.address=:1/udp '--log=x' "
           "\"--entrypoints.b.address=:2/udp\" --entrypoints.b --entrypoints.c.asdefault=true");
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points.at("a").where.port, 1);
  EXPECT_EQ(points.at("a").idle_seconds, 2);
  EXPECT_EQ(points.at("b").where.port, 2);
  EXPECT_THAT(into_.errors, IsEmpty());
  Read("", "--entrypoints.a.address=1 --entrypoints.a.udp.timeout=soon");
  EXPECT_THAT(Lines(into_.errors),
              ElementsAre(HasSubstr("args: --entrypoints.a.address=1: must be"),
                          HasSubstr("args: --entrypoints.a.udp.timeout=soon: must be")));
}

TEST_F(EntryPointsTest, AreReadFromWorkloadsAndConfigMaps) {
  const EntryPoints points = Read(R"(
kind: DaemonSet
metadata: {name: traefik}
spec: {template: {spec: {containers: [{args: ["--entrypoints.a.address=:1/udp"]}, {}]}}}
---
kind: ConfigMap
metadata: {name: traefik}
data: {traefik.yml: "entryPoints: {b: {address: ':2/udp'}}"}
---
kind: Deployment
metadata: {name: other}
spec: {template: {spec: {containers: [{args: ["--port=1"]}]}}})");
  EXPECT_EQ(points.at("a").where.port, 1);
  EXPECT_EQ(points.at("b").where.port, 2);
  EXPECT_EQ(points.at("b").where.origin,
            "f.yaml: ConfigMap default/traefik: traefik.yml: entryPoints.b.address");
  EXPECT_TRUE(documents_[0].used && documents_[1].used);
  EXPECT_FALSE(documents_[2].used);
}

TEST_F(EntryPointsTest, TheStrongestWordCounts) {
  const std::string values = "ports: {a: {port: 2, protocol: UDP}}";
  const std::string file = "entryPoints: {a: {address: ':3/udp', udp: {timeout: 9s}}}";
  const std::string arguments = "--entrypoints.a.address=:4/udp";
  EXPECT_EQ(
      Read(values + "\n---\n" + file, arguments, {{"A", {1, "", true, "flag"}}}).at("a").where.port,
      1);
  const EntryPoints points = Read(values + "\n---\n" + file, arguments);
  EXPECT_EQ(points.at("a").where.port, 2);
  EXPECT_EQ(points.at("a").idle_seconds, 9);
  EXPECT_EQ(Read(file, arguments).at("a").where.port, 3);
  EXPECT_EQ(Read("", arguments).at("a").where.port, 4);
}

TEST_F(EntryPointsTest, TheServiceInFrontDecides) {
  const std::string service = R"(
apiVersion: v1
kind: Service
metadata: {name: traefik, namespace: traefik}
spec:
  type: LoadBalancer
  loadBalancerIP: 192.0.2.1
  ports:
  - {port: 53, targetPort: dns, protocol: UDP}
  - {port: 27960, targetPort: 8960, protocol: UDP}
)";
  EntryPoints points =
      Read(service, "--entrypoints.dns.address=:8053/udp --entrypoints.quake.address=:8960/udp");
  EntryPoints same = points;
  ApplyFrontServices(documents_, {}, points, into_);
  EXPECT_EQ(points.at("dns").where.port, 53);
  EXPECT_EQ(points.at("quake").where.port, 27960);
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("spec.loadBalancerIP")));
  ApplyFrontServices(documents_, {{"traefik", "traefik"}}, same, into_);
  EXPECT_EQ(same.at("dns").where.port, 8053);
  EntryPoints given = Read(service, "", {{"dns", {1053, "", true, "flag"}}});
  ApplyFrontServices(documents_, {}, given, into_);
  EXPECT_EQ(given.at("dns").where.port, 1053);
}

}  // namespace
}  // namespace stevedore::convert
