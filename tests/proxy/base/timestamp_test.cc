#include "proxy/base/timestamp.h"

#include <gtest/gtest.h>

#include <ctime>

namespace stevedore {
namespace {

TEST(TimestampNow, IsTheTimeInUtc) {
  const std::time_t before = std::time(nullptr);
  const std::string text = TimestampNow();
  std::tm read{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &read);
  ASSERT_NE(end, nullptr) << text;
  EXPECT_EQ(*end, '\0') << text;
  const std::time_t told = ::timegm(&read);
  EXPECT_GE(told, before);
  EXPECT_LE(told, std::time(nullptr));
}

TEST(MicroTimestampNow, HasSixDigitsOfASecond) {
  const std::time_t before = std::time(nullptr);
  const std::string text = MicroTimestampNow();
  std::tm read{};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S.", &read);
  ASSERT_NE(end, nullptr) << text;
  const std::string fraction = end;
  ASSERT_EQ(fraction.size(), 7u) << text;
  EXPECT_EQ(fraction.find_first_not_of("0123456789"), 6u) << text;
  EXPECT_EQ(fraction.back(), 'Z') << text;
  EXPECT_GE(::timegm(&read), before);
  EXPECT_LE(::timegm(&read), std::time(nullptr));
}

}  // namespace
}  // namespace stevedore
