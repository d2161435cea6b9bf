#include "proxy/config/address.h"

#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

TEST(IpAddress, ParsesAndPrintsCanonically) {
  struct Case {
    const char* text;
    const char* canonical;
    bool v4;
  };
  for (const Case& c : {Case{"0.0.0.0", "0.0.0.0", true},
                        {"10.0.0.2", "10.0.0.2", true},
                        {"255.255.255.255", "255.255.255.255", true},
                        {"::", "::", false},
                        {"::1", "::1", false},
                        {"2001:DB8:0:0::2", "2001:db8::2", false},
                        {"::ffff:1.2.3.4", "1.2.3.4", true}}) {
    const auto ip = IpAddress::Parse(c.text);
    ASSERT_TRUE(ip) << c.text;
    EXPECT_EQ(ip->ToString(), c.canonical);
    EXPECT_EQ(ip->is_v4(), c.v4) << c.text;
    EXPECT_EQ(IpAddress::Parse(ip->ToString()), ip);
  }
}

TEST(IpAddress, RefusesOtherText) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "host", "1.2.3.4 ",
                           "fe80::1%eth0", "[::1]", ":", "1::2::3"})
    EXPECT_FALSE(IpAddress::Parse(text)) << text;
  EXPECT_FALSE(IpAddress::Parse(std::string(200, '1')));
}

TEST(IpAddress, KnowsItsClass) {
  struct Case {
    const char* text;
    bool unspecified, loopback, multicast, link_local, broadcast;
  };
  for (const Case& c : {Case{"0.0.0.0", true, false, false, false, false},
                        {"::", true, false, false, false, false},
                        {"127.0.0.1", false, true, false, false, false},
                        {"127.255.0.9", false, true, false, false, false},
                        {"::1", false, true, false, false, false},
                        {"224.0.0.1", false, false, true, false, false},
                        {"239.255.255.255", false, false, true, false, false},
                        {"ff02::1", false, false, true, false, false},
                        {"169.254.1.1", false, false, false, true, false},
                        {"fe80::1", false, false, false, true, false},
                        {"febf::1", false, false, false, true, false},
                        {"255.255.255.255", false, false, false, false, true},
                        {"10.0.0.1", false, false, false, false, false},
                        {"2001:db8::1", false, false, false, false, false},
                        {"fec0::1", false, false, false, false, false}}) {
    const IpAddress ip = IpAddress::Parse(c.text).value();
    EXPECT_EQ(ip.is_unspecified(), c.unspecified) << c.text;
    EXPECT_EQ(ip.is_loopback(), c.loopback) << c.text;
    EXPECT_EQ(ip.is_multicast(), c.multicast) << c.text;
    EXPECT_EQ(ip.is_link_local(), c.link_local) << c.text;
    EXPECT_EQ(ip.is_broadcast(), c.broadcast) << c.text;
  }
}

TEST(IpAddress, FromHostOrder) { EXPECT_EQ(IpAddress::V4(0x0a000102).ToString(), "10.0.1.2"); }

TEST(SocketAddress, ParsesAndPrints) {
  struct Case {
    const char* text;
    const char* canonical;
  };
  for (const Case& c : {Case{"1.2.3.4:5", "1.2.3.4:5"},
                        {"[2001:db8::1]:65535", "[2001:db8::1]:65535"},
                        {":2614", "[::]:2614"},
                        {"0.0.0.0:2614", "0.0.0.0:2614"},
                        {"[::]:0", "[::]:0"}}) {
    const auto address = SocketAddress::Parse(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->ToString(), c.canonical);
  }
}

TEST(SocketAddress, RefusesOtherText) {
  for (const char* text : {"", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:5x",
                           "2001:db8::1:5", "[1.2.3.4]:5", "[]:5", "host:5", "[::1:5"})
    EXPECT_FALSE(SocketAddress::Parse(text)) << text;
}

TEST(SocketAddress, OrdersByAddressThenPort) {
  const auto at = [](const char* text) { return SocketAddress::Parse(text).value(); };
  EXPECT_LT(at("10.0.0.1:9"), at("10.0.0.2:1"));
  EXPECT_LT(at("10.0.0.1:1"), at("10.0.0.1:2"));
}

}  // namespace
}  // namespace stevedore::config
