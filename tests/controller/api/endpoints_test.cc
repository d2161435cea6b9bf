#include "controller/api/endpoints.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

TEST(Endpoints, EachSubsetIsLikeASlice) {
  const Endpoints endpoints = DecodeEndpoints(R"({"metadata":{"name":"s","namespace":"n"},
      "subsets":[{"addresses":[{"ip":"10.0.0.1"}],"notReadyAddresses":[{"ip":"10.0.0.2"}],
      "ports":[{"name":"kcp","protocol":"UDP","port":1}]},{}]})");
  EXPECT_TRUE(endpoints.findings.errors.empty());
  ASSERT_EQ(endpoints.subsets.size(), 2u);
  const EndpointSlice& first = endpoints.subsets[0];
  EXPECT_EQ(first.entries, (std::vector<SliceEntry>{{"10.0.0.1", true, true, false, ""},
                                                    {"10.0.0.2", false, false, false, ""}}));
  EXPECT_EQ(first.ports, (std::vector<SlicePort>{{"kcp", "UDP", 1}}));
}

TEST(Endpoints, WhatCannotBeReadIsNamed) {
  const Endpoints endpoints = DecodeEndpoints(R"({"subsets":[{"addresses":[{}]}]})");
  ASSERT_EQ(endpoints.findings.errors.size(), 1u);
  EXPECT_EQ(endpoints.findings.errors[0].path, "subsets[0].addresses[0].ip");
}

}  // namespace
}  // namespace stevedore::api
