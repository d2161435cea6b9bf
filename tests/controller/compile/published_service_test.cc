#include "controller/compile/published_service.h"

#include <gtest/gtest.h>

#include "controller/compile/compiler.h"
#include "controller/store/store.h"

namespace stevedore::compile {
namespace {

using Addresses = std::vector<api::ListenerAddress>;

CompileOptions Options() {
  CompileOptions options;
  options.published_service = kube::Key{"edge", "udp"};
  return options;
}

store::ClusterView ViewOf(const std::string& spec, const std::string& ingress = "") {
  store::ClusterView view;
  view.services[{"edge", "udp"}] = {
      std::make_shared<const api::Service>(
          api::DecodeService(R"({"metadata":{"name":"udp","namespace":"edge"},"spec":{)" + spec +
                             R"(},"status":{"loadBalancer":{"ingress":[)" + ingress + "]}}}")),
      ""};
  return view;
}

std::string Own(const store::ClusterView& view) {
  std::string text;
  const PublishedService service(view, Options());
  for (const config::IpAddress& ip : service.addresses())
    text += (text.empty() ? "" : " ") + ip.ToString();
  return text;
}

TEST(PublishedService, KnowsItsOwnAddresses) {
  EXPECT_EQ(Own(ViewOf(R"("clusterIPs":["10.96.0.5","fd00::5"],"externalIPs":["192.0.2.1"])",
                       R"({"ip":"203.0.113.7"},{"hostname":"lb.test"},{"ip":"192.0.2.1"})")),
            "10.96.0.5 192.0.2.1 203.0.113.7 fd00::5");
  EXPECT_EQ(Own(ViewOf(R"("clusterIPs":["None"],"externalIPs":["0.0.0.0","224.0.0.1","x"])")), "");
  EXPECT_EQ(Own({}), "");
  CompileOptions none;
  const auto view = ViewOf(R"("clusterIPs":["10.96.0.5"])");
  EXPECT_TRUE(PublishedService(view, none).addresses().empty());
}

TEST(PublishedService, TellsWhereAListenerIsReached) {
  const std::string ports = R"(,"ports":[
      {"name":"udp-7000","port":7000,"protocol":"UDP","targetPort":7000,"nodePort":30700},
      {"name":"dns","port":53,"protocol":"UDP","targetPort":7000},
      {"name":"named","port":7001,"protocol":"UDP","targetPort":"x"},
      {"name":"elsewhere","port":7002,"protocol":"UDP","targetPort":9},
      {"name":"tcp","port":7003,"protocol":"TCP"},{"name":"short","port":7004,"protocol":"UDP"}])";
  const std::string cluster = R"("type":"NodePort","clusterIPs":["10.96.0.5","fd00::5"])";
  struct Row {
    std::string spec;
    std::string ingress;
    std::int64_t port;
    Addresses expected;
  };
  const Row rows[] = {
      {cluster,
       "",
       7000,
       {{"IPAddress", "10.96.0.5", 7000, 30700},
        {"IPAddress", "fd00::5", 7000, 30700},
        {"IPAddress", "10.96.0.5", 53, 0},
        {"IPAddress", "fd00::5", 53, 0}}},
      {cluster,
       R"({"ip":"203.0.113.7"},{"hostname":"lb.test"})",
       7004,
       {{"IPAddress", "203.0.113.7", 7004, 0}, {"Hostname", "lb.test", 7004, 0}}},
      {cluster + R"(,"externalIPs":["192.0.2.1"])",
       "",
       7004,
       {{"IPAddress", "192.0.2.1", 7004, 0}}},
      {cluster, "", 7001, {}},
      {cluster, "", 7002, {}},
      {cluster, "", 7003, {}},
      {cluster, "", 7005, {}},
      {R"("clusterIPs":["None"])", "", 7004, {}},
  };
  for (const Row& row : rows) {
    const auto view = ViewOf(row.spec + ports, row.ingress);
    EXPECT_EQ(PublishedService(view, Options()).ReachOf(row.port), row.expected)
        << row.spec << " " << row.port;
  }
}

TEST(PublishedService, TellsNoMoreThanAStatusHolds) {
  std::string ingress = R"({"ip":"203.0.113.1"})";
  for (int i = 2; i < 40; ++i) ingress += R"(,{"ip":"203.0.113.)" + std::to_string(i) + R"("})";
  const auto view = ViewOf(R"("ports":[{"name":"a","port":1,"protocol":"UDP"}])", ingress);
  EXPECT_EQ(PublishedService(view, Options()).ReachOf(1).size(), 16u);
}

TEST(PublishablePorts, AreThoseOfListenersOnAllAddresses) {
  config::ProxyConfig config;
  config::Listener listener;
  listener.port = 7000;
  config.listeners.push_back(listener);
  listener.port = 7001;
  listener.address = "192.0.2.1";
  config.listeners.push_back(listener);
  EXPECT_EQ(PublishablePorts(config), std::set<std::int64_t>{7000});
}

class PublishedCompile : public testing::Test {
 protected:
  // Route "name" with one static peer, compiled beside the Service.
  CompileOutput CompileRoute(const std::string& address, const std::string& peer) {
    store::Store store;
    store.Apply(source::Kind::kService, {{"edge", "udp"},
                                         R"({"spec":{"clusterIPs":["10.96.0.5"],
                     "ports":[{"name":"udp-7000","port":7000,"protocol":"UDP"}]}})",
                                         ""});
    store.Apply(source::Kind::kRoute,
                {{"game", "r"},
                 R"({"metadata":{"name":"r","namespace":"game"},"spec":{"listener":{"port":7000)" +
                     (address.empty() ? "" : R"(,"address":")" + address + "\"") +
                     R"(},"defaultUpstream":"a","upstreams":[{"name":"a",
                     "peers":[{"address":")" +
                     peer + R"(","port":7000}]}]}})",
                 ""});
    CompileOptions options = Options();
    options.static_peers = *ParseStaticPeers("any");
    return Compile(*store.View(), options);
  }
};

TEST_F(PublishedCompile, TellsTheAddressesInConfigAndReport) {
  const CompileOutput output = CompileRoute("", "10.0.0.1");
  EXPECT_EQ(output.config.own_addresses, std::vector<std::string>{"10.96.0.5"});
  ASSERT_TRUE(output.reports.at(0).listener);
  EXPECT_EQ(output.reports[0].listener->addresses,
            (Addresses{{"IPAddress", "10.96.0.5", 7000, 0}}));
}

TEST_F(PublishedCompile, TellsNoAddressOfAListenerThatTheServiceDoesNotReach) {
  const CompileOutput output = CompileRoute("192.0.2.1", "10.0.0.1");
  ASSERT_TRUE(output.reports.at(0).listener);
  EXPECT_TRUE(output.reports[0].listener->addresses.empty());
}

TEST_F(PublishedCompile, RefusesAPeerThatIsTheService) {
  const CompileOutput output = CompileRoute("", "10.96.0.5");
  EXPECT_EQ(output.reports.at(0).accepted.reason, api::Reason::kPeerNotPermitted);
  EXPECT_TRUE(output.config.upstreams.empty());
}

}  // namespace
}  // namespace stevedore::compile
