#include "controller/api/service.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

TEST(Service, ReadsPortsTypeAndAddresses) {
  const Service service = DecodeService(R"({"metadata":{"name":"s","namespace":"n"},
      "spec":{"type":"LoadBalancer","ipFamilies":["IPv6","IPv4"],"clusterIPs":["fd00::1","None"],
      "externalIPs":["192.0.2.1"],"selector":{"a":"b"},
      "ports":[{"port":80},{"name":"kcp","port":81,"protocol":"UDP","targetPort":"x"}]},
      "status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.1"},{"hostname":"h"}]}}})");
  EXPECT_TRUE(service.findings.errors.empty());
  EXPECT_EQ(service.type, "LoadBalancer");
  EXPECT_EQ(service.ip_families, (std::vector<std::string>{"IPv6", "IPv4"}));
  EXPECT_EQ(service.addresses, (std::vector<std::string>{"fd00::1", "192.0.2.1", "198.51.100.1"}));
  EXPECT_EQ(service.ports, (std::vector<ServicePort>{{"", "TCP", 80}, {"kcp", "UDP", 81}}));
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
