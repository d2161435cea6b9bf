#include "controller/compile/peer_policy.h"

#include <gtest/gtest.h>

namespace stevedore::compile {
namespace {

config::IpAddress Ip(const char* text) { return *config::IpAddress::Parse(text); }

TEST(PeerPolicy, SomeAddressesAreNeverPeers) {
  const PeerPolicy policy({}, {Ip("198.51.100.1")});
  for (const char* address :
       {"0.0.0.0", "::", "127.0.0.1", "127.9.9.9", "::1", "169.254.0.1", "fe80::1", "224.0.0.1",
        "ff02::1", "255.255.255.255", "::ffff:10.0.0.1", "198.51.100.1", "", "name", "10.0.0.1/8"})
    EXPECT_TRUE(policy.RefuseAddress(address)) << address;
  for (const char* address : {"10.0.0.1", "2001:db8::1", "fd00::1", "192.0.2.1"})
    EXPECT_FALSE(policy.RefuseAddress(address)) << address;
}

TEST(PeerPolicy, LoopbackIsFineInDirectoryMode) {
  CompileOptions options;
  options.directory_mode = true;
  const PeerPolicy policy(options, {});
  EXPECT_FALSE(policy.RefuseAddress("127.0.0.1"));
  EXPECT_FALSE(policy.RefuseAddress("::1"));
  EXPECT_TRUE(policy.RefuseAddress("169.254.0.1"));
}

TEST(PeerPolicy, ListedPeersNeedAGrantThatTheMessageNames) {
  CompileOptions options;
  const auto denied = PeerPolicy(options, {}).RefuseStatic({"10.0.0.1", 1});
  ASSERT_TRUE(denied);
  EXPECT_NE(denied->find("--static-peers"), std::string::npos);
  options.static_peers = *ParseStaticPeers("10.0.0.0/8");
  EXPECT_FALSE(PeerPolicy(options, {}).RefuseStatic({"10.0.0.1", 1}));
  EXPECT_TRUE(PeerPolicy(options, {}).RefuseStatic({"11.0.0.1", 1}));
  options.static_peers = *ParseStaticPeers("any");
  EXPECT_FALSE(PeerPolicy(options, {}).RefuseStatic({"2001:db8::1", 1}));
  EXPECT_TRUE(PeerPolicy(options, {}).RefuseStatic({"169.254.0.1", 1}));
}

TEST(PeerPolicy, AListenerIsNoPeer) {
  CompileOptions options;
  options.directory_mode = true;
  options.own_addresses = {Ip("192.0.2.9")};
  PeerPolicy policy(options, {});
  policy.AddListener("", 7000);
  policy.AddListener("10.0.0.5", 7001);
  EXPECT_TRUE(policy.RefuseLoop({"127.0.0.1", 7000}));
  EXPECT_TRUE(policy.RefuseLoop({"192.0.2.9", 7000}));
  EXPECT_TRUE(policy.RefuseLoop({"10.0.0.5", 7001}));
  EXPECT_FALSE(policy.RefuseLoop({"127.0.0.1", 7002}));
  EXPECT_FALSE(policy.RefuseLoop({"192.0.2.8", 7000}));
  EXPECT_FALSE(policy.RefuseLoop({"10.0.0.5", 7002}));
}

}  // namespace
}  // namespace stevedore::compile
