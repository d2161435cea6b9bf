#include "proxy/base/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "proxy/base/unique_fd.h"

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

// Whoever reads the log may stand still: nobody waits for it, and what was lost is told.
TEST_F(LogTest, AFullPipeHoldsUpNobody) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const UniqueFd own(::dup(STDERR_FILENO));
  ASSERT_EQ(::dup2(writer.get(), STDERR_FILENO), STDERR_FILENO);
  writer.reset();
  EXPECT_TRUE(SetUpLogging("info", "text"));
  constexpr int kLines = 5'000;  // some 50 bytes each, far more than a pipe holds
  for (int i = 0; i < kLines; ++i) spdlog::info("Line number={} {}", i, std::string(20, 'x'));
  spdlog::info("Long text={}", std::string(200'000, 'y'));

  std::string out;
  char chunk[65536];
  const auto read = [&] {
    ASSERT_EQ(::fcntl(reader.get(), F_SETFL, O_NONBLOCK), 0);
    for (ssize_t n; (n = ::read(reader.get(), chunk, sizeof chunk)) > 0;)
      out.append(chunk, static_cast<std::size_t>(n));
  };
  read();
  const auto whole = std::count(out.begin(), out.end(), '\n');
  spdlog::info("After all");
  read();
  ::dup2(own.get(), STDERR_FILENO);

  EXPECT_GT(whole, 500);
  EXPECT_LT(whole, kLines);
  EXPECT_NE(out.find("Dropped log lines count=" + std::to_string(kLines + 1 - whole) + "\n"),
            std::string::npos)
      << out.substr(out.size() - 300);
  EXPECT_EQ(out.substr(out.size() - 10), "After all\n");
}

}  // namespace
}  // namespace stevedore
