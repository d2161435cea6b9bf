#include "controller/convert/ports.h"

#include <gtest/gtest.h>

namespace stevedore::convert {
namespace {

TEST(ParsePort, TakesDigitsFrom1To65535) {
  EXPECT_EQ(ParsePort("1"), 1);
  EXPECT_EQ(ParsePort("65535"), 65535);
  for (const char* text : {"", "0", "65536", "-1", " 1", "1 ", "0x1", "dns"})
    EXPECT_FALSE(ParsePort(text)) << text;
}

TEST(ParseEntryPoint, TakesNameAndPort) {
  const auto parsed = ParseEntryPoint("dns=53");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->first, "dns");
  EXPECT_EQ(parsed->second.port, 53);
  EXPECT_TRUE(parsed->second.udp);
  for (const char* text : {"dns", "=53", "dns=", "dns=0", "dns=:53", ""}) {
    const auto bad = ParseEntryPoint(text);
    ASSERT_FALSE(bad) << text;
    EXPECT_NE(bad.error().detail.find("must be NAME=PORT"), std::string::npos);
  }
}

}  // namespace
}  // namespace stevedore::convert
