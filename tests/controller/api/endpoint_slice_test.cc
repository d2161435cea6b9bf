#include "controller/api/endpoint_slice.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

TEST(EndpointSlice, UnsetConditionsHaveTheApisMeaning) {
  const EndpointSlice slice = DecodeEndpointSlice(R"({
      "metadata":{"name":"s-1","namespace":"n","labels":{"kubernetes.io/service-name":"s"}},
      "addressType":"IPv4","ports":[{"name":"kcp","protocol":"UDP","port":1},{"name":"none"}],
      "endpoints":[{"addresses":["10.0.0.1","10.0.0.2"]},
      {"addresses":["10.0.0.3"],"conditions":{"ready":false,"serving":true,"terminating":true},
       "targetRef":{"kind":"Pod","uid":"p"},"zone":"z"}]})");
  EXPECT_TRUE(slice.findings.errors.empty());
  EXPECT_EQ(slice.service_name, "s");
  EXPECT_EQ(slice.address_type, "IPv4");
  EXPECT_EQ(slice.entries, (std::vector<SliceEntry>{{"10.0.0.1", true, true, false, ""},
                                                    {"10.0.0.3", false, true, true, "p"}}));
  EXPECT_EQ(slice.ports,
            (std::vector<SlicePort>{{"kcp", "UDP", 1}, {"none", "TCP", std::nullopt}}));
}

TEST(EndpointSlice, NullListsAreEmpty) {
  const EndpointSlice slice =
      DecodeEndpointSlice(R"({"addressType":"IPv4","ports":null,"endpoints":null})");
  EXPECT_TRUE(slice.findings.errors.empty());
  EXPECT_TRUE(slice.entries.empty());
}

TEST(EndpointSlice, WhatCannotBeReadIsNamed) {
  const EndpointSlice slice = DecodeEndpointSlice(R"({"endpoints":[{},{"addresses":[7]}]})");
  ASSERT_EQ(slice.findings.errors.size(), 2u);
  EXPECT_EQ(slice.findings.errors[0].path, "endpoints[0].addresses");
  EXPECT_EQ(slice.findings.errors[1].path, "endpoints[1].addresses[0]");
}

}  // namespace
}  // namespace stevedore::api
