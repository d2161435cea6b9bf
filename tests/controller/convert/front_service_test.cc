#include "controller/convert/front_service.h"

#include "tests/controller/convert/parsed.h"

namespace stevedore::convert {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(FrontService, HasTheUdpPortsAlone) {
  Conversion into;
  const auto documents = Parsed(R"(
apiVersion: v1
kind: Service
metadata: {name: front, namespace: ns}
spec:
  ports:
  - {name: web, port: 80, targetPort: web}
  - {name: a, port: 53, protocol: UDP}
  - {name: b, port: 7000, protocol: UDP, targetPort: 9000}
  - {name: c, port: 7001, protocol: UDP, targetPort: game})");
  const FrontService front = ReadFrontService(documents[0], into);
  ASSERT_EQ(front.ports.size(), 3u);
  EXPECT_EQ(front.ports[0].target, 53);
  EXPECT_EQ(front.ports[0].place.field, "spec.ports[1]");
  EXPECT_EQ(front.ports[1].port, 7000);
  EXPECT_EQ(front.ports[1].target, 9000);
  EXPECT_EQ(front.ports[2].target, 0);
  EXPECT_EQ(front.ports[2].target_name, "game");
  EXPECT_THAT(into.losses, IsEmpty());
}

TEST(FrontService, FacesClients) {
  const std::string head = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: ";
  for (const char* spec :
       {"{type: LoadBalancer}", "{type: NodePort}", "{externalIPs: [192.0.2.1]}"})
    EXPECT_TRUE(FacesClients(Parsed(head + spec + "}")[0])) << spec;
  for (const char* spec : {"{}", "{type: ClusterIP}", "{type: ExternalName}"})
    EXPECT_FALSE(FacesClients(Parsed(head + spec + "}")[0])) << spec;
  EXPECT_FALSE(FacesClients(Parsed("{kind: Pod, spec: {type: NodePort}}")[0]));
}

TEST(FrontService, LosesItsSettingsWithTheValueOfTheChart) {
  Conversion into;
  const auto documents = Parsed(R"(
apiVersion: v1
kind: Service
metadata:
  name: front
  namespace: ns
  annotations: {meta.helm.sh/release-name: x, example.com/pool: blue}
spec:
  type: NodePort
  externalTrafficPolicy: Cluster
  ipFamilyPolicy: SingleStack
  externalIPs: [192.0.2.1]
  ports:
  - {name: A_b, port: 53, protocol: UDP, nodePort: 30053}
  - {name: unused, port: 54, protocol: UDP, nodePort: 30054})");
  const FrontService front = ReadFrontService(documents[0], into);
  LoseFrontSettings(documents[0], {front.ports[0]}, into);
  const auto lines = Lines(into.losses);
  ASSERT_EQ(lines.size(), 4u) << testing::PrintToString(lines);
  EXPECT_THAT(lines[0],
              testing::HasSubstr("metadata.annotations[\"example.com/pool\"]: \"blue\": "));
  EXPECT_THAT(lines[1], testing::HasSubstr("service.ports.a-b to {port: 53, nodePort: 30053}"));
  EXPECT_THAT(lines[2], testing::HasSubstr("spec.externalIPs"));
  EXPECT_THAT(lines[3], testing::HasSubstr("spec.externalTrafficPolicy: \"Cluster\""));
}

TEST(FrontService, PlainOneLosesNothing) {
  Conversion into;
  const auto documents = Parsed(
      "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer, ports: "
      "[{port: 1, protocol: UDP, nodePort: 30001}]}}");
  LoseFrontSettings(documents[0], ReadFrontService(documents[0], into).ports, into);
  EXPECT_THAT(Lines(into.losses), ElementsAre());
}

}  // namespace
}  // namespace stevedore::convert
