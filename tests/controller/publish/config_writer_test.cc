#include "controller/publish/config_writer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "proxy/base/file.h"
#include "proxy/config/digest.h"
#include "proxy/config/json_codec.h"
#include "tests/controller/kube/temp_dir.h"
#include "tests/proxy/base/crash_points.h"
#include "tests/proxy/config/sample.h"

namespace stevedore::publish {
namespace {

using Outcome = ConfigWriter::Outcome;

class ConfigWriterTest : public testing::Test {
 protected:
  static Outcome Write(ConfigWriter& writer, const config::ProxyConfig& config) {
    const auto outcome = writer.Write(config);
    EXPECT_TRUE(outcome) << outcome.error().detail;
    return outcome ? *outcome : Outcome::kUnchanged;
  }
  std::string Content() const { return ReadFile(path_).operator bool() ? *ReadFile(path_) : ""; }
  ino_t Inode() const {
    struct stat info {};
    ::stat(path_.c_str(), &info);
    return info.st_ino;
  }

  kube::TempDir directory_;
  const std::string path_ = directory_.path() + "/config.json";
  config::ProxyConfig config_ = config::SampleConfig();
};

TEST_F(ConfigWriterTest, WritesWhatTheProxyDecodesUnderTheSameDigest) {
  ConfigWriter writer(path_);
  EXPECT_EQ(writer.digest(), "");
  EXPECT_EQ(writer.size_bytes(), 0u);
  EXPECT_EQ(Write(writer, config_), Outcome::kWritten);
  const config::Decoded decoded = config::Decode(Content());
  EXPECT_TRUE(decoded.errors.empty());
  EXPECT_EQ(config::Digest(decoded.config), writer.digest());
  EXPECT_EQ(writer.size_bytes(), Content().size());
}

TEST_F(ConfigWriterTest, LeavesAnEqualFileAlone) {
  ConfigWriter writer(path_);
  Write(writer, config_);
  const auto inode = Inode();
  EXPECT_EQ(Write(writer, config_), Outcome::kUnchanged);
  EXPECT_EQ(Inode(), inode);
  config_.hash_seed = 8;
  EXPECT_EQ(Write(writer, config_), Outcome::kWritten);
}

TEST_F(ConfigWriterTest, CountsWhatAFormerProcessWrote) {
  std::string digest;
  {
    ConfigWriter former(path_);
    Write(former, config_);
    digest = former.digest();
  }
  ConfigWriter writer(path_);
  EXPECT_EQ(writer.digest(), digest);
  EXPECT_EQ(Write(writer, config_), Outcome::kUnchanged);
}

TEST_F(ConfigWriterTest, ReplacesAFileThatIsNoConfig) {
  directory_.Write("config.json", "{ \"version\": 1, ");
  ConfigWriter writer(path_);
  EXPECT_EQ(writer.digest(), "");
  EXPECT_EQ(Write(writer, config_), Outcome::kWritten);
  EXPECT_EQ(Content(), config::Encode(config_));
}

TEST_F(ConfigWriterTest, KeepsTheOldFileRatherThanWriteAnInvalidConfig) {
  ConfigWriter writer(path_);
  Write(writer, config_);
  const std::string before = Content();
  const std::string digest = writer.digest();
  config_.listeners[0].port = 0;
  const auto outcome = writer.Write(config_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::kInternal);
  EXPECT_NE(outcome.error().detail.find("listeners[0].port"), std::string::npos)
      << outcome.error().detail;
  EXPECT_EQ(Content(), before);
  EXPECT_EQ(writer.digest(), digest);
}

// Root may write anywhere, so the directory is missing instead of forbidden.
TEST_F(ConfigWriterTest, TriesTheSameConfigAgainWhenItCouldNotBeWritten) {
  const std::string late = directory_.path() + "/late";
  ConfigWriter writer(late + "/config.json");
  const auto outcome = writer.Write(config_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Errc::kNotFound);
  EXPECT_EQ(writer.digest(), "");
  std::filesystem::create_directory(late);
  EXPECT_EQ(Write(writer, config_), Outcome::kWritten);
  EXPECT_EQ(*ReadFile(late + "/config.json"), config::Encode(config_));
}

TEST_F(ConfigWriterTest, ShowsReadersWholeConfigsOnly) {
  ConfigWriter writer(path_);
  config::ProxyConfig other = config_;
  other.upstreams.resize(1);
  for (int i = 1; i <= 200; ++i)
    other.upstreams[0].peers.push_back({"10.1.0." + std::to_string(i), 2345, 1, false});
  const std::string texts[] = {config::Encode(config_), config::Encode(other)};
  Write(writer, config_);

  std::atomic<bool> done{false};
  std::atomic<int> reads{0};
  std::string odd;
  std::thread reader([&] {
    while (!done || reads == 0) {
      const auto text = ReadFile(path_);
      if (!text || (*text != texts[0] && *text != texts[1])) {
        odd = text ? *text : text.error().detail;
        return;
      }
      ++reads;
    }
  });
  for (int i = 1; i <= 500; ++i)
    EXPECT_EQ(Write(writer, i % 2 ? other : config_), Outcome::kWritten);
  done = true;
  reader.join();
  EXPECT_EQ(odd, "");
  EXPECT_GT(reads, 0);
}

TEST_F(ConfigWriterTest, KilledAnywhereItLeavesTheOldOrTheNewConfig) {
  ConfigWriter former(path_);
  Write(former, config_);
  config::ProxyConfig changed = config_;
  changed.hash_seed = 8;
  const std::string texts[] = {config::Encode(config_), config::Encode(changed)};
  const auto body = [&] {
    ConfigWriter writer(path_);
    if (!writer.Write(changed)) ::_exit(1);
  };
  const CrashPoints seen = AtEveryCrashPoint(body, [&](const CrashPoints& at) {
    const std::string content = Content();
    EXPECT_TRUE(content == texts[0] || content == texts[1]) << "at point " << at.points;
    // The next process counts as written what it finds, and writes what is wanted.
    ConfigWriter next(path_);
    EXPECT_TRUE(next.InPlace());
    Write(next, config_);
    EXPECT_EQ(Content(), texts[0]);
  });
  if (!seen.possible) GTEST_SKIP() << "no process may be traced here";
  EXPECT_GE(seen.points, 14);
  EXPECT_EQ(Content(), texts[1]);
}

TEST_F(ConfigWriterTest, PutsBackWhatWasRemovedOrChanged) {
  ConfigWriter writer(path_);
  EXPECT_TRUE(writer.InPlace()) << "nothing was written yet";
  Write(writer, config_);
  const std::string good = Content();
  EXPECT_TRUE(writer.InPlace());
  std::filesystem::remove(path_);
  EXPECT_FALSE(writer.InPlace());
  EXPECT_EQ(Write(writer, config_), Outcome::kWritten);
  EXPECT_EQ(Content(), good);
  directory_.Write("config.json", "{}");
  EXPECT_FALSE(writer.InPlace());
  EXPECT_EQ(Write(writer, config_), Outcome::kWritten);
  EXPECT_EQ(Content(), good);
  EXPECT_TRUE(writer.InPlace());
  directory_.Write("config.json", good);
  EXPECT_TRUE(writer.InPlace()) << "the same content is as good";
}

}  // namespace
}  // namespace stevedore::publish
