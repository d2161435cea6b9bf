#include "controller/compile/compile_options.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

TEST(PortGrant, ParsesRangesAndNamespace) {
  const auto grant = ParsePortGrant("53,2000-2999@infra");
  ASSERT_TRUE(grant);
  EXPECT_EQ(grant->ranges, (std::vector<PortGrant::Range>{{53, 53}, {2000, 2999}}));
  EXPECT_EQ(grant->ns, "infra");
  EXPECT_EQ(ParsePortGrant("1-65535")->ns, "");
}

TEST(PortGrant, RefusesOtherText) {
  for (const char* text : {"", "0", "65536", "5-4", "1,", "a", "1-2-3", "1@", "-1", "1 "})
    EXPECT_FALSE(ParsePortGrant(text)) << text;
}

TEST(PortGranted, AnyGrantOfTheNamespaceWillDo) {
  CompileOptions options;
  EXPECT_TRUE(PortGranted(options, "game", 53));
  options.listener_ports = {*ParsePortGrant("7000-7999"), *ParsePortGrant("53@infra")};
  EXPECT_TRUE(PortGranted(options, "game", 7000));
  EXPECT_TRUE(PortGranted(options, "infra", 7999));
  EXPECT_TRUE(PortGranted(options, "infra", 53));
  EXPECT_FALSE(PortGranted(options, "game", 53));
  EXPECT_FALSE(PortGranted(options, "infra", 54));
}

TEST(StaticPeers, ParsesDenyAnyAndRanges) {
  EXPECT_TRUE(ParseStaticPeers("deny")->empty());
  EXPECT_EQ(ParseStaticPeers("any")->size(), 2u);
  EXPECT_EQ(ParseStaticPeers("10.0.0.0/8,2001:db8::/32")->size(), 2u);
  for (const char* text : {"", "all", "10.0.0.0/8,", "10.0.0.0/40"})
    EXPECT_FALSE(ParseStaticPeers(text)) << text;
}

TEST(ServiceName, NeedsNamespaceAndName) {
  EXPECT_EQ(*ParseServiceName("edge/udp"), (kube::Key{"edge", "udp"}));
  for (const char* text : {"", "udp", "/udp", "edge/", "a/b/c", "Edge/udp", "edge/1udp"})
    EXPECT_FALSE(ParseServiceName(text)) << text;
}

}  // namespace
}  // namespace stevedore::compile
