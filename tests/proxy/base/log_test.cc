#include "proxy/base/log.h"

#include <gtest/gtest.h>

namespace stevedore {
namespace {

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { EXPECT_TRUE(SetUpLogging("info", "text")); }
  template <class Body>
  std::string Captured(Body body) {
    testing::internal::CaptureStderr();
    body();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, WrongValuesAreNamed) {
  for (const char* level : {"", "loud", "INFO", "infos"}) {
    const auto result = SetUpLogging(level, "text");
    ASSERT_FALSE(result) << level;
    EXPECT_EQ(result.error().code, Errc::kInvalid);
    EXPECT_NE(result.error().detail.find(std::string("\"") + level + "\""), std::string::npos);
  }
  const auto result = SetUpLogging("info", "xml");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().detail.find("xml"), std::string::npos);
}

TEST_F(LogTest, LevelsFilter) {
  for (const char* level : {"trace", "debug", "info", "warn", "error", "off"})
    EXPECT_TRUE(SetUpLogging(level, "text")) << level;
  const std::string out = Captured([] {
    ASSERT_TRUE(SetUpLogging("warn", "text"));
    spdlog::info("Not this a={}", 1);
    spdlog::warn("But this b={}", 2);
  });
  EXPECT_EQ(out.find("Not this"), std::string::npos);
  EXPECT_NE(out.find(" warning But this b=2\n"), std::string::npos) << out;
}

TEST_F(LogTest, JsonIsOneObjectPerLineWithEscapes) {
  const std::string out = Captured([] {
    ASSERT_TRUE(SetUpLogging("info", "json"));
    spdlog::info("Bad file path=\"a\\b\"\n\tend");
  });
  EXPECT_EQ(out.substr(0, 9), R"({"time":")");
  EXPECT_NE(out.find(R"("level":"info","message":"Bad file path=\"a\\b\"\u000a\u0009end"})"),
            std::string::npos)
      << out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

}  // namespace
}  // namespace stevedore
