#include "proxy/config/cidr.h"

#include <gtest/gtest.h>

#include "proxy/config/field_error.h"

namespace stevedore::config {
namespace {

bool Contains(const char* cidr, const char* address) {
  return Cidr::Parse(cidr)->Contains(*IpAddress::Parse(address));
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
                           "10.0.0.0/8x", "10.0.0/8", "::ffff:10.0.0.0/104"})
    EXPECT_FALSE(Cidr::Parse(text)) << text;
}

TEST(Cidr, HasAFirstAndALastAddress) {
  struct Case {
    const char* range;
    const char* first;
    const char* last;
    const char* canonical;
  };
  const Case cases[] = {
      {"10.1.2.3/8", "10.0.0.0", "10.255.255.255", "10.0.0.0/8"},
      {"10.1.2.3/32", "10.1.2.3", "10.1.2.3", "10.1.2.3/32"},
      {"10.1.2.3", "10.1.2.3", "10.1.2.3", "10.1.2.3/32"},
      {"192.0.2.77/27", "192.0.2.64", "192.0.2.95", "192.0.2.64/27"},
      {"0.0.0.0/0", "0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
      {"::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
      {"2001:DB8:1:2::3/47", "2001:db8::", "2001:db8:1:ffff:ffff:ffff:ffff:ffff", "2001:db8::/47"},
  };
  for (const Case& c : cases) {
    const Cidr range = *Cidr::Parse(c.range);
    EXPECT_EQ(range.First().ToString(), c.first) << c.range;
    EXPECT_EQ(range.Last().ToString(), c.last) << c.range;
    EXPECT_EQ(range.ToString(), c.canonical) << c.range;
  }
}

TEST(RangeProblem, SaysWhatIsRight) {
  for (const char* good : {"10.0.0.0/8", "192.0.2.1/32", "0.0.0.0/0", "::/0", "2001:db8::/32"})
    EXPECT_FALSE(RangeProblem(good)) << good;
  for (const char* bad : {"", "10.0.0.0", "10.0.0.0/33", "example.org/8", "::ffff:10.0.0.0/104"})
    EXPECT_EQ(*RangeProblem(bad),
              Quote(bad) + ": must be an address range such as 10.0.0.0/8 or 2001:db8::/32");
  const auto must_be = [](const char* text, const char* canonical) {
    EXPECT_EQ(*RangeProblem(text),
              Quote(text) + ": must be a network address and its prefix in canonical form: " +
                  Quote(canonical));
  };
  must_be("10.1.2.3/8", "10.0.0.0/8");
  must_be("10.0.0.0/08", "10.0.0.0/8");
  must_be("2001:DB8::/32", "2001:db8::/32");
}

}  // namespace
}  // namespace stevedore::config
