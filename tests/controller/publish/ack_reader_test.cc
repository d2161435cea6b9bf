#include "controller/publish/ack_reader.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>

#include "proxy/base/file.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore::publish {
namespace {

class AckReaderTest : public testing::Test {
 protected:
  void Start() {
    auto started = AckReader::Start(path_, [this] {
      const std::lock_guard lock(mutex_);
      ++calls_;
      called_.notify_all();
    });
    ASSERT_TRUE(started) << started.error().detail;
    reader_ = std::move(*started);
  }
  static std::string Text(const std::string& digest) {
    config::ProxyStatus status;
    status.digest = digest;
    return config::EncodeStatus(status);
  }
  // What the reader says at a call that fulfils the condition.
  bool WaitUntil(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return called_.wait_for(lock, std::chrono::seconds(20), condition);
  }
  std::string Digest() const {
    const auto latest = reader_->Latest();
    return latest ? latest->digest : "(none)";
  }

  kube::TempDir directory_;
  const std::string path_ = directory_.path() + "/status.json";
  std::mutex mutex_;
  std::condition_variable called_;
  int calls_ = 0;
  std::unique_ptr<AckReader> reader_;
};

TEST_F(AckReaderTest, ReadsWhatIsThereBeforeStartReturns) {
  directory_.Write("status.json", Text("a"));
  Start();
  EXPECT_EQ(Digest(), "a");
}

TEST_F(AckReaderTest, WaitsForAFileThatComesLater) {
  Start();
  EXPECT_EQ(Digest(), "(none)");
  ASSERT_TRUE(WriteFileAtomically(path_, Text("a")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "a"; }));
}

TEST_F(AckReaderTest, FollowsRenames) {
  directory_.Write("status.json", Text("a"));
  Start();
  for (const char* const digest : {"b", "c", "d"}) {
    ASSERT_TRUE(WriteFileAtomically(path_, Text(digest)));
    EXPECT_TRUE(WaitUntil([&] { return Digest() == digest; })) << digest;
  }
}

TEST_F(AckReaderTest, KeepsTheFormerAnswerWhileTheFileIsUnreadable) {
  directory_.Write("status.json", Text("a"));
  Start();
  for (const std::string& text :
       {Text("b").substr(0, 20), std::string(), std::string(R"({"version": 2, "digest": "b"})")}) {
    int before = 0;
    {
      const std::lock_guard lock(mutex_);
      before = calls_;
    }
    ASSERT_TRUE(WriteFileAtomically(path_, text));
    EXPECT_TRUE(WaitUntil([&] { return calls_ > before; }));
    EXPECT_EQ(Digest(), "a") << text;
  }
  std::filesystem::remove(path_);
  ASSERT_TRUE(WriteFileAtomically(path_, Text("c")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "c"; }));
}

TEST_F(AckReaderTest, IgnoresOtherFilesOfTheDirectory) {
  Start();
  directory_.Write("other.json", Text("x"));
  ASSERT_TRUE(WriteFileAtomically(path_, Text("a")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "a"; }));
}

TEST_F(AckReaderTest, NeedsTheDirectory) {
  const auto started = AckReader::Start(directory_.path() + "/none/status.json", [] {});
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find("none"), std::string::npos) << started.error().detail;
}

}  // namespace
}  // namespace stevedore::publish
