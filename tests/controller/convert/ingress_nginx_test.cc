#include "controller/convert/ingress_nginx.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string ConfigMap(const std::string& name, const std::string& data) {
  return "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name +
         ", namespace: ingress-nginx}\ndata: {" + data + "}\n";
}

class IngressNginx : public testing::Test {
 protected:
  void Read(const std::string& text, bool certain = false) {
    into_ = {};
    documents_ = Parsed(text);
    ReadIngressNginx(documents_, certain, into_);
  }

  std::vector<Document> documents_;
  Conversion into_;
};

TEST_F(IngressNginx, MakesARouteForEachEntry) {
  Read(ConfigMap("udp-services", R"(53: "kube-system/kube-dns:dns", "9000": "games/arena:9001")"));
  ASSERT_EQ(into_.routes.size(), 2u);
  const Draft& dns = into_.routes[0];
  EXPECT_EQ(dns.key, (kube::Key{"kube-system", "kube-dns-53"}));
  EXPECT_EQ(dns.spec.listener.port, 53);
  EXPECT_EQ(dns.spec.default_upstream, "kube-dns");
  EXPECT_EQ(dns.spec.upstreams[0].primary.service,
            (api::ServiceRef{"kube-dns", std::string("dns")}));
  EXPECT_EQ(dns.origin.field, "data[\"53\"]");
  EXPECT_EQ(into_.routes[1].spec.upstreams[0].primary.service, (api::ServiceRef{"arena", 9001}));
  EXPECT_THAT(Lines(into_.losses), IsEmpty());
  EXPECT_TRUE(documents_[0].used);
}

TEST_F(IngressNginx, NamesWrongEntries) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("0": "a/b:1")", "data[\"0\"]: \"a/b:1\": the key must be a port"},
      {R"("1": "a/b")", "data[\"1\"]: \"a/b\": must be \"NAMESPACE/SERVICE:PORT\""},
      {R"("1": "b:1")", "must be \"NAMESPACE/SERVICE:PORT\""},
      {R"("1": "a/B_:1")", "must be \"NAMESPACE/SERVICE:PORT\""},
      {R"("1": "a/b:")", "must be \"NAMESPACE/SERVICE:PORT\""},
      {R"("1": 5)", "data[\"1\"]: 5: must be a string"},
  };
  for (const auto& [data, line] : cases) {
    Read(ConfigMap("udp-services", data));
    EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr(line))) << data;
    EXPECT_THAT(into_.routes, IsEmpty());
  }
}

TEST_F(IngressNginx, LosesTheProxyProtocol) {
  Read(ConfigMap("udp-services", R"("1": "a/b:1:PROXY", "2": "a/b:2::PROXY")"));
  EXPECT_EQ(into_.routes.size(), 2u);
  EXPECT_THAT(Lines(into_.losses),
              ElementsAre(HasSubstr("data[\"1\"]: \"a/b:1:PROXY\": the PROXY protocol"),
                          HasSubstr("data[\"2\"]: \"a/b:2::PROXY\": the PROXY protocol")));
}

TEST_F(IngressNginx, NeedsToKnowThatItIsUdp) {
  const std::string entry = R"("1": "a/b:1")";
  Read(ConfigMap("exposed", entry));
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("say --from ingress-nginx")));
  Read(ConfigMap("exposed", entry), true);
  EXPECT_EQ(into_.routes.size(), 1u);
  Read(ConfigMap("tcp-services", entry), true);
  EXPECT_THAT(Lines(into_.losses), ElementsAre(HasSubstr("data[\"1\"]: \"a/b:1\": TCP")));
  EXPECT_THAT(into_.routes, IsEmpty());
  Read(ConfigMap("kube-root-ca.crt", "ca.crt: x"), true);
  EXPECT_FALSE(documents_[0].used);
}

TEST_F(IngressNginx, ReadsSettingsOfStreams) {
  const std::string services = ConfigMap("udp-services", R"("1": "a/b:1")");
  Read(services + ConfigMap("ingress-nginx-controller",
                            "use-gzip: 'true', proxy-stream-timeout: 5m, "
                            "proxy-stream-next-upstream-tries: '2'"));
  ASSERT_EQ(into_.routes.size(), 1u);
  EXPECT_EQ(into_.routes[0].spec.session.idle_timeout_seconds, 300);
  EXPECT_EQ(into_.routes[0].spec.listener.max_tries, 2);
  EXPECT_THAT(Lines(into_.losses), IsEmpty());
  Read(services + ConfigMap("c", "proxy-stream-next-upstream: 'false'"));
  EXPECT_EQ(into_.routes[0].spec.listener.max_tries, 1);
  Read(services + ConfigMap("c", "proxy-stream-next-upstream-tries: '0'"));
  EXPECT_EQ(into_.routes[0].spec.listener.max_tries, 16);
  Read(services + ConfigMap("c", "proxy-stream-next-upstream-tries: few"));
  EXPECT_THAT(Lines(into_.errors), ElementsAre(HasSubstr("few\": must be a number")));
  Read(services + ConfigMap("c",
                            "proxy-stream-responses: '4', stream-snippet: x, "
                            "proxy-stream-next-upstream-timeout: 1s"));
  EXPECT_EQ(into_.losses.size(), 3u);
}

constexpr const char* kFront = R"(---
apiVersion: v1
kind: Service
metadata: {name: front, namespace: ingress-nginx}
spec:
  type: LoadBalancer
  ports:
  - {name: 53-udp, port: 53, protocol: UDP, targetPort: 53-udp}
  - {name: 9000-udp, port: 7000, protocol: UDP, targetPort: 9000}
---
apiVersion: v1
kind: Service
metadata: {name: arena, namespace: games}
spec: {ports: [{port: 9000, protocol: UDP}]}
)";

TEST_F(IngressNginx, TakesThePortsThatClientsUse) {
  Read(ConfigMap("udp-services", R"("53": "a/dns:53", "9000": "games/arena:9000", "5": "a/x:5")") +
       kFront);
  std::vector<std::int64_t> ports;
  for (const Draft& draft : into_.routes) ports.push_back(draft.spec.listener.port);
  EXPECT_THAT(ports, ElementsAre(5, 53, 7000));
  EXPECT_THAT(into_.routes[2].decisions, testing::Contains(HasSubstr("led it to port 9000")));
  EXPECT_THAT(into_.routes[0].decisions, testing::Contains(HasSubstr("No given Service")));
  EXPECT_TRUE(documents_[1].used);
  EXPECT_FALSE(documents_[2].used);
}

TEST_F(IngressNginx, ReadsTheValuesOfItsChart) {
  Read(
      "controller: {config: {proxy-stream-timeout: 90, proxy-stream-next-upstream: false}}\nudp: "
      "{'514': 'logging/collector:syslog'}\ntcp: {'1': 'a/b:1'}");
  ASSERT_EQ(into_.routes.size(), 1u);
  EXPECT_EQ(into_.routes[0].origin.field, "udp[\"514\"]");
  EXPECT_EQ(into_.routes[0].spec.session.idle_timeout_seconds, 90);
  EXPECT_EQ(into_.routes[0].spec.listener.max_tries, 1);
  EXPECT_THAT(Lines(into_.losses), ElementsAre("f.yaml: tcp[\"1\"]: \"a/b:1\": TCP: it stays with "
                                               "ingress-nginx"));
}

}  // namespace
}  // namespace stevedore::convert
