#include "controller/convert/transport_server.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kGlobal = R"(---
apiVersion: k8s.nginx.org/v1
kind: GlobalConfiguration
metadata: {name: g, namespace: nginx}
spec:
  listeners:
  - {name: dns, port: 53, protocol: UDP}
  - {name: web, port: 80, protocol: HTTP}
  - {name: both, port: 54, protocol: UDP, ipv4: 192.0.2.7, ipv6: "2001:DB8:0::7"}
)";

std::string Server(const std::string& listener, const std::string& more) {
  return "---\napiVersion: k8s.nginx.org/v1\nkind: TransportServer\n"
         "metadata: {name: dns, namespace: names}\nspec:\n  listener: " +
         listener +
         "\n  upstreams: [{name: unused, service: old, port: 1}, {name: app, service: coredns, "
         "port: 5353}]\n  action: {pass: app}\n" +
         more;
}

class TransportServer : public testing::Test {
 protected:
  void Read(const std::string& text, const NamedPorts& given = {}) {
    into_ = {};
    documents_ = Parsed(text);
    ReadTransportServers(documents_, given, into_);
  }
  void ReadWith(const std::string& more) {
    Read(kGlobal + Server("{name: dns, protocol: UDP}", more));
    into_.losses.erase(into_.losses.begin());  // the HTTP listener
  }
  const Draft& Route() { return into_.routes.at(0); }

  std::vector<Document> documents_;
  Conversion into_;
};

TEST_F(TransportServer, BecomesARouteAtItsListener) {
  ReadWith("");
  ASSERT_EQ(into_.routes.size(), 1u);
  EXPECT_EQ(Route().key, (kube::Key{"names", "dns"}));
  EXPECT_EQ(Route().spec.listener.port, 53);
  EXPECT_EQ(Route().spec.default_upstream, "app");
  ASSERT_EQ(Route().spec.upstreams.size(), 1u);
  EXPECT_EQ(Route().spec.upstreams[0].primary.service, (api::ServiceRef{"coredns", 5353}));
  EXPECT_EQ(Route().spec.session.idle_timeout_seconds, 600);
  EXPECT_EQ(Route().spec.listener.max_tries, std::nullopt);
  EXPECT_THAT(Route().decisions, Contains(HasSubstr("Upstream \"unused\" is left out")));
  EXPECT_THAT(Lines(into_.losses), IsEmpty());
  EXPECT_TRUE(documents_[0].used && documents_[1].used);
}

TEST_F(TransportServer, OtherProtocolsAreNamed) {
  Read(kGlobal + Server("{name: web, protocol: TCP}", ""));
  EXPECT_THAT(into_.routes, IsEmpty());
  EXPECT_THAT(
      Lines(into_.losses),
      ElementsAre(
          HasSubstr("GlobalConfiguration nginx/g: spec.listeners[1].protocol: \"HTTP\": "
                    "listener \"web\" is not UDP"),
          HasSubstr("TransportServer names/dns: spec.listener.protocol: \"TCP\": only UDP")));
  Read(Server("{name: tls-passthrough, protocol: TLS_PASSTHROUGH}", ""));
  EXPECT_EQ(into_.losses.size(), 1u);
  Read("{apiVersion: k8s.nginx.org/v1, kind: VirtualServer, metadata: {name: web}}");
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("VirtualServer default/web: HTTP")));
}

TEST_F(TransportServer, NeedsAPort) {
  const std::string server = Server("{name: elsewhere, protocol: UDP}", "");
  Read(server);
  EXPECT_THAT(
      Lines(into_.errors),
      ElementsAre(HasSubstr("spec.listener.name: \"elsewhere\": no UDP listener of that name "
                            "is known")));
  Read(server, {{"elsewhere", {5353, "", true, "flag"}}});
  EXPECT_THAT(into_.errors, IsEmpty());
  EXPECT_EQ(Route().spec.listener.port, 5353);
}

TEST_F(TransportServer, ListensAtTheAddressesOfItsListener) {
  Read(kGlobal + Server("{name: both, protocol: UDP}", ""));
  ASSERT_EQ(into_.routes.size(), 2u);
  EXPECT_EQ(into_.routes[0].spec.listener.address, "192.0.2.7");
  EXPECT_EQ(into_.routes[1].spec.listener.address, "2001:db8::7");
  EXPECT_EQ(into_.routes[1].key.name, "dns-ipv6");
  Read(
      "{apiVersion: k8s.nginx.org/v1, kind: GlobalConfiguration, metadata: {name: g}, spec: "
      "{listeners: [{name: a, port: 1, protocol: UDP, ipv4: host}]}}");
  EXPECT_THAT(Lines(into_.errors),
              ElementsAre(HasSubstr("listeners[0].ipv4: \"host\": must be an IP address")));
}

TEST_F(TransportServer, ReadsItsParameters) {
  ReadWith("  upstreamParameters: {udpRequests: 1, udpResponses: 0, nextUpstream: false}\n");
  EXPECT_EQ(Route().spec.upstreams[0].affinity, config::Affinity::kNone);
  EXPECT_EQ(Route().spec.session.idle_timeout_seconds, std::nullopt);
  EXPECT_EQ(Route().spec.listener.max_tries, 1);
  EXPECT_THAT(Lines(into_.losses), IsEmpty());
  ReadWith(
      "  upstreamParameters: {nextUpstream: true, nextUpstreamTries: 3, nextUpstreamTimeout: '0', "
      "connectTimeout: 5s}\n  sessionParameters: {timeout: 1m30s}\n  ingressClassName: nginx\n");
  EXPECT_EQ(Route().spec.listener.max_tries, 3);
  EXPECT_EQ(Route().spec.session.idle_timeout_seconds, 90);
  EXPECT_THAT(Lines(into_.losses), IsEmpty());
}

TEST_F(TransportServer, LosesWhatItCannotDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"  upstreamParameters: {udpRequests: 5}\n", "upstreamParameters.udpRequests: 5"},
      {"  upstreamParameters: {udpResponses: 1}\n", "upstreamParameters.udpResponses: 1"},
      {"  upstreamParameters: {proxyProtocol: true}\n", "upstreamParameters.proxyProtocol: true"},
      {"  upstreamParameters: {nextUpstreamTimeout: 5s}\n", "nextUpstreamTimeout: \"5s\""},
      {"  upstreamParameters: {other: 1}\n", "upstreamParameters.other: 1: not known"},
      {"  sessionParameters: {timeout: 2d}\n", "sessionParameters.timeout: \"2d\": 86400 s"},
      {"  sessionParameters: {other: 1}\n", "sessionParameters.other: 1: not known"},
      {"  serverSnippets: deny all;\n", "spec.serverSnippets: \"deny all;\": its access rules"},
      {"  streamSnippets: x\n", "spec.streamSnippets: \"x\": directives"},
      {"  tls: {secret: s}\n", "spec.tls"},
      {"  host: a.example.com\n", "spec.host: \"a.example.com\": not known"},
  };
  for (const auto& [more, line] : cases) {
    ReadWith(more);
    EXPECT_EQ(into_.routes.size(), 1u);
    EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr(line))) << more;
  }
}

TEST_F(TransportServer, NamesWhatIsMissing) {
  const std::string head =
      "{apiVersion: k8s.nginx.org/v1, kind: TransportServer, metadata: {name: a}";
  const std::pair<std::string, const char*> cases[] = {
      {head + "}", "spec: must be set"},
      {head + ", spec: {listener: {name: a}}}", "spec.listener: {\"name\":\"a\"}: must have"},
  };
  for (const auto& [text, line] : cases) {
    Read(text);
    EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr(line)));
  }
  const NamedPorts given = {{"a", {1, "", true, "flag"}}};
  const std::string listener = head + ", spec: {listener: {name: a, protocol: UDP}";
  Read(listener + "}}", given);
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("spec.action: must be {pass: NAME}")));
  Read(listener + ", action: {pass: b}, upstreams: [{name: a}]}}", given);
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("spec.action.pass: \"b\": must be")));
}

}  // namespace
}  // namespace stevedore::convert
