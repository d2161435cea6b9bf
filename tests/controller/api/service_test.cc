#include "controller/api/service.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

TEST(Service, ReadsPortsTypeAndAddresses) {
  const Service service = DecodeService(R"({"metadata":{"name":"s","namespace":"n"},
      "spec":{"type":"LoadBalancer","ipFamilies":["IPv6","IPv4"],"clusterIPs":["fd00::1","None"],
      "externalIPs":["192.0.2.1"],"selector":{"a":"b"},
      "ports":[{"port":80},{"name":"kcp","port":81,"protocol":"UDP","targetPort":"x"},
               {"name":"dns","port":53,"protocol":"UDP","targetPort":5353,"nodePort":30053}]},
      "status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.1"},{"hostname":"h"}]}}})");
  EXPECT_TRUE(service.findings.errors.empty());
  EXPECT_EQ(service.type, "LoadBalancer");
  EXPECT_EQ(service.ip_families, (std::vector<std::string>{"IPv6", "IPv4"}));
  EXPECT_EQ(service.cluster_ips, std::vector<std::string>{"fd00::1"});
  EXPECT_EQ(service.external_ips, std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(service.ingress_ips, std::vector<std::string>{"198.51.100.1"});
  EXPECT_EQ(service.ingress_hostnames, std::vector<std::string>{"h"});
  EXPECT_EQ(service.ports,
            (std::vector<ServicePort>{
                {"", "TCP", 80, 80}, {"kcp", "UDP", 81}, {"dns", "UDP", 53, 5353, 30053}}));
}

TEST(Service, KnowsWhoSetWhatOnItsPorts) {
  const Service service = DecodeService(R"({"metadata":{"managedFields":[
      {"manager":"helm","operation":"Update","fieldsV1":{"f:spec":{"f:ports":{".":{},
        "k:{\"port\":53,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{}}}}}},
      {"manager":"us","operation":"Apply","fieldsV1":{"f:spec":{"f:ports":{
        "k:{\"port\":53,\"protocol\":\"UDP\"}":{".":{},"f:targetPort":{}},
        "k:{\"port\":54,\"protocol\":\"UDP\"}":{".":{}}}}}}]},
      "spec":{"ports":[{"name":"t","port":53},{"name":"u","port":53,"protocol":"UDP"}]}})");
  ASSERT_EQ(service.ports.size(), 2u);
  EXPECT_EQ(service.ports[0].claims, (std::vector<PortClaim>{{"helm", false, true, true, false}}));
  EXPECT_EQ(service.ports[1].claims, (std::vector<PortClaim>{{"us", true, true, false, true}}));
}

TEST(Service, WhatCannotBeReadIsNamedAndTheRestKept) {
  const Service service = DecodeService(R"({"spec":{"ports":[{"port":0},{"port":81}]}})");
  ASSERT_EQ(service.findings.errors.size(), 1u);
  EXPECT_EQ(service.findings.errors[0].path, "spec.ports[0].port");
  EXPECT_EQ(service.ports.at(1).port, 81);
  EXPECT_EQ(DecodeService("{").findings.errors.size(), 1u);
}

}  // namespace
}  // namespace stevedore::api
