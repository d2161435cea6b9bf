#include "controller/api/cidr.h"

#include <gtest/gtest.h>

namespace stevedore::api {
namespace {

bool Contains(const char* cidr, const char* address) {
  return Cidr::Parse(cidr)->Contains(*config::IpAddress::Parse(address));
}

TEST(Cidr, ContainsItsAddressesAndNoOthers) {
  EXPECT_TRUE(Contains("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(Contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(Contains("10.1.2.0/23", "10.1.3.255"));
  EXPECT_FALSE(Contains("10.1.2.0/23", "10.1.4.0"));
  EXPECT_TRUE(Contains("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(Contains("10.1.2.3/32", "10.1.2.2"));
  EXPECT_TRUE(Contains("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(Contains("2001:db8::/33", "2001:db8:ffff::1"));
}

TEST(Cidr, FamiliesAreApart) {
  EXPECT_TRUE(Contains("0.0.0.0/0", "192.0.2.1"));
  EXPECT_FALSE(Contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(Contains("::/0", "2001:db8::1"));
  EXPECT_FALSE(Contains("::/0", "192.0.2.1"));
}

TEST(Cidr, RefusesOtherText) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "x/8",
                           "10.0.0.0/8x", "10.0.0/8"})
    EXPECT_FALSE(Cidr::Parse(text)) << text;
}

}  // namespace
}  // namespace stevedore::api
