#include "controller/api/service_apply.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

TEST(EncodePorts, HoldsThePortsAndNothingElse) {
  kube::ObjectMeta meta;
  meta.ns = "edge";
  meta.name = "udp";
  meta.uid = "u-1";
  meta.resource_version = "7";
  const std::string head =
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"udp","namespace":"edge",)"
      R"("uid":"u-1","resourceVersion":"7"},"spec":{"ports":[)";
  EXPECT_EQ(EncodePorts(meta, {{7000}, {7001, false, false}}),
            head + R"({"name":"udp-7000","port":7000,"protocol":"UDP","targetPort":7000},)"
                   R"({"port":7001,"protocol":"UDP"}]}})");
  EXPECT_EQ(EncodePorts(meta, {}), head + "]}}");
}

}  // namespace
}  // namespace stevedore::api
