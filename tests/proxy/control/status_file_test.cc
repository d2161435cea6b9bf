#include "proxy/control/status_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "proxy/base/file.h"
#include "tests/proxy/base/crash_points.h"
#include "tests/proxy/base/temporary_directory.h"
#include "tests/proxy/control/captured_log.h"

namespace stevedore::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

config::ProxyStatus Status(const std::string& digest, int healthy = 1) {
  config::ProxyStatus status;
  status.digest = digest;
  status.last_attempt = {digest, true, {}};
  status.listeners = {{"a", true, ""}};
  config::UpstreamStatus upstream;
  upstream.name = "u";
  upstream.total = 3;
  upstream.healthy = healthy;
  status.upstreams = {upstream};
  return status;
}

class StatusFileTest : public testing::Test {
 protected:
  std::optional<config::ProxyStatus> Read() {
    const auto text = ReadFile(path_);
    if (!text) return std::nullopt;
    auto status = config::DecodeStatus(*text);
    EXPECT_TRUE(status);
    return *status;
  }
  int Healthy() { return Read()->upstreams.at(0).healthy; }

  TemporaryDirectory directory_;
  std::string path_ = directory_.File("status.json");
  CapturedLog log_;
  Nanos now_ = seconds(100);
};

TEST_F(StatusFileTest, WritesWhatWasSetWithTheTime) {
  StatusFile file(path_);
  file.Set(Status("d1"));
  EXPECT_FALSE(Read()) << "Flush() writes";
  file.Flush(now_);
  auto status = Read();
  ASSERT_TRUE(status);
  EXPECT_EQ(status->time.size(), std::string("2026-01-01T00:00:00Z").size());
  EXPECT_EQ(status->time.back(), 'Z');
  status->time.clear();
  EXPECT_EQ(*status, Status("d1"));
}

TEST_F(StatusFileTest, NewsIsWrittenAtOnceAndCountsOnceASecond) {
  StatusFile file(path_);
  file.Set(Status("d1", 1));
  file.Flush(now_);
  file.Set(Status("d1", 2));
  file.Flush(now_ + milliseconds(999));
  EXPECT_EQ(Healthy(), 1);
  file.Flush(now_ + seconds(1));
  EXPECT_EQ(Healthy(), 2);

  file.Set(Status("d2", 3));
  file.Flush(now_ + seconds(1));
  EXPECT_EQ(Read()->digest, "d2");
  config::ProxyStatus refused = Status("d2", 3);
  refused.last_attempt = {"d3", false, {{"listeners[0].port", "0: must be 1 to 65535", 4}}};
  file.Set(refused);
  file.Flush(now_ + seconds(1));
  EXPECT_EQ(Read()->last_attempt, refused.last_attempt);
  refused.listeners[0] = {"a", false, "taken"};
  file.Set(refused);
  file.Flush(now_ + seconds(1));
  EXPECT_EQ(Read()->listeners, refused.listeners);
}

TEST_F(StatusFileTest, WhatIsEqualIsNotWrittenAgain) {
  StatusFile file(path_);
  file.Set(Status("d1"));
  file.Flush(now_);
  std::filesystem::remove(path_);
  file.Set(Status("d1"));
  file.Flush(now_ + milliseconds(9999));
  EXPECT_FALSE(Read());
}

TEST_F(StatusFileTest, GivesASignOfLifeEveryTenSeconds) {
  StatusFile file(path_);
  file.Set(Status("d1"));
  file.Flush(now_);
  for (int round = 1; round <= 3; ++round) {
    std::filesystem::remove(path_);
    file.Flush(now_ + seconds(10 * round) - milliseconds(1));
    EXPECT_FALSE(Read()) << round;
    file.Flush(now_ + seconds(10 * round));
    ASSERT_TRUE(Read()) << round;
    EXPECT_EQ(Read()->digest, "d1");
  }
}

TEST_F(StatusFileTest, TriesAgainAfterAFailure) {
  path_ = directory_.File("later/status.json");
  StatusFile file(path_);
  file.Set(Status("d1"));
  file.Flush(now_);
  EXPECT_TRUE(log_.Has("warning: Could not write status file=" + path_));
  std::filesystem::create_directory(directory_.File("later"));
  file.Flush(now_ + milliseconds(4999));
  EXPECT_FALSE(Read());
  file.Flush(now_ + seconds(5));
  EXPECT_TRUE(Read());
}

TEST_F(StatusFileTest, KilledAnywhereItLeavesTheOldOrTheNewStatus) {
  StatusFile first(path_);
  first.Set(Status("old"));
  first.Flush(now_);
  const auto body = [&] {
    StatusFile file(path_);
    file.Set(Status("new"));
    file.Flush(now_);
  };
  const CrashPoints seen = AtEveryCrashPoint(body, [&](const CrashPoints& at) {
    const auto status = Read();
    ASSERT_TRUE(status) << "at point " << at.points;
    EXPECT_TRUE(status->digest == "old" || status->digest == "new") << "at point " << at.points;
  });
  if (!seen.possible) GTEST_SKIP() << "no process may be traced here";
  EXPECT_GE(seen.points, 14);
  EXPECT_EQ(Read()->digest, "new");
}

TEST_F(StatusFileTest, WithoutAPathNothingIsWritten) {
  StatusFile file("");
  file.Set(Status("d1"));
  file.Flush(now_);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  EXPECT_EQ(log_.Text(), "");
}

}  // namespace
}  // namespace stevedore::control
