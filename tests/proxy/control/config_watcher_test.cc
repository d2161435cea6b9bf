#include "proxy/control/config_watcher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "proxy/base/file.h"
#include "tests/proxy/base/temporary_directory.h"

namespace stevedore::control {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTag = 7;

class ConfigWatcherTest : public testing::Test {
 protected:
  ConfigWatcherTest() : loop_(std::move(*net::EventLoop::Create())) {}

  std::string path() const { return directory_.File("config.json"); }
  void Open(const std::string& path) {
    watcher_ = std::make_unique<ConfigWatcher>(path, loop_, kTag);
  }
  // Whether an event comes within `timeout`, and what the watcher makes of it.
  std::optional<bool> Event(std::chrono::milliseconds timeout = std::chrono::seconds(5)) {
    for (const auto& event : loop_.Wait(timeout))
      if (event.tag == kTag) return watcher_->OnEvent();
    return std::nullopt;
  }
  std::optional<bool> EventNow() { return Event(std::chrono::milliseconds(0)); }

  TemporaryDirectory directory_;
  net::EventLoop loop_;
  std::unique_ptr<ConfigWatcher> watcher_;
};

TEST_F(ConfigWatcherTest, TellsOfARename) {
  ASSERT_TRUE(WriteFileAtomically(path(), "1"));
  Open(path());
  EXPECT_EQ(EventNow(), std::nullopt);
  EXPECT_FALSE(watcher_->Poll());
  ASSERT_TRUE(WriteFileAtomically(path(), "2"));
  EXPECT_EQ(Event(), true);
  EXPECT_EQ(EventNow(), std::nullopt) << "many events give one answer";
  EXPECT_FALSE(watcher_->Poll()) << "told already";
}

TEST_F(ConfigWatcherTest, TellsOfAWriteInPlaceAndOfTheFirstFile) {
  Open(path());
  std::ofstream(path()) << "1";
  EXPECT_EQ(Event(), true);
  std::ofstream(path(), std::ios::app) << "2";
  EXPECT_EQ(Event(), true);
}

TEST_F(ConfigWatcherTest, AnotherFileIsNoNews) {
  ASSERT_TRUE(WriteFileAtomically(path(), "1"));
  Open(path());
  std::ofstream(directory_.File("other")) << "1";
  EXPECT_EQ(Event(), false);
}

// As a kubelet does with a ConfigMap: config.json -> ..data/config.json, ..data -> a new folder.
TEST_F(ConfigWatcherTest, TellsOfASwapOfSymbolicLinks) {
  for (const char* version : {"v1", "v2"}) {
    fs::create_directory(directory_.File(version));
    std::ofstream(directory_.File(version) + "/config.json") << version;
  }
  fs::create_directory_symlink("v1", directory_.File("..data"));
  fs::create_symlink("..data/config.json", path());
  Open(path());
  fs::create_directory_symlink("v2", directory_.File("..data_tmp"));
  fs::rename(directory_.File("..data_tmp"), directory_.File("..data"));
  EXPECT_EQ(Event(), true);
}

TEST_F(ConfigWatcherTest, PollTellsWhatNoEventTold) {
  const std::string folder = directory_.File("later");
  Open(folder + "/config.json");
  EXPECT_FALSE(watcher_->Poll());
  fs::create_directory(folder);
  ASSERT_TRUE(WriteFileAtomically(folder + "/config.json", "1"));
  EXPECT_EQ(EventNow(), std::nullopt);
  EXPECT_TRUE(watcher_->Poll());
  EXPECT_FALSE(watcher_->Poll());
  ASSERT_TRUE(WriteFileAtomically(folder + "/config.json", "2"));
  EXPECT_EQ(Event(), true) << "from now on it is watched";
}

TEST_F(ConfigWatcherTest, FollowsAReplacedDirectory) {
  const std::string folder = directory_.File("folder");
  fs::create_directory(folder);
  ASSERT_TRUE(WriteFileAtomically(folder + "/config.json", "1"));
  Open(folder + "/config.json");
  fs::rename(folder, directory_.File("old"));
  fs::create_directory(folder);
  EXPECT_TRUE(watcher_->Poll()) << "the file is gone";
  ASSERT_TRUE(WriteFileAtomically(folder + "/config.json", "2"));
  EXPECT_EQ(Event(), true);
}

}  // namespace
}  // namespace stevedore::control
