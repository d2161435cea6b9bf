#include "controller/publish/ack_reader.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <functional>

#include "proxy/base/file.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/temp_dir.h"
#include "tests/controller/shared_clock.h"

namespace stevedore::publish {
namespace {

constexpr std::chrono::seconds kTen{10};

class AckReaderTest : public testing::Test {
 protected:
  void Start() {
    auto started = AckReader::Start(path_, clock_, [this] {
      const std::lock_guard lock(mutex_);
      ++calls_;
      called_.notify_all();
    });
    ASSERT_TRUE(started) << started.error().detail;
    reader_ = std::move(*started);
  }
  static std::string Text(const std::string& digest, const std::string& time = "") {
    config::ProxyStatus status;
    status.digest = digest;
    status.time = time;
    return config::EncodeStatus(status);
  }
  // What the reader says at a call that fulfils the condition.
  bool WaitUntil(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return called_.wait_for(lock, std::chrono::seconds(20), condition);
  }
  std::string Digest() const {
    const Ack latest = reader_->Latest();
    return latest.status ? latest.status->digest : "(none)";
  }
  int Calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

  kube::TempDir directory_;
  std::string path_ = directory_.path() + "/status.json";
  SharedClock clock_;
  const Nanos start_ = clock_.Now();
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
    ASSERT_TRUE(WriteFileAtomically(path_, text));
    EXPECT_EQ(Digest(), "a") << text;
  }
  std::filesystem::remove(path_);
  ASSERT_TRUE(WriteFileAtomically(path_, Text("c")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "c"; }));
}

TEST_F(AckReaderTest, TakesANewTimeForASignOfLifeAndNoMore) {
  directory_.Write("status.json", Text("a", "2026-01-01T00:00:00Z"));
  Start();
  const Ack first = reader_->Latest();
  EXPECT_EQ(first.changed_at, start_) << "who knows how old it is";
  EXPECT_EQ(first.status->time, "");
  clock_.Advance(std::chrono::seconds(10));
  ASSERT_TRUE(WriteFileAtomically(path_, Text("a", "2026-01-01T00:00:10Z")));
  const auto changed_at = [this] { return reader_->Latest().changed_at; };
  EXPECT_TRUE(stevedore::WaitUntil([&] { return changed_at() == start_ + kTen; }));
  EXPECT_EQ(reader_->Latest().status, first.status) << "the same answer";
  // The same text once more says nothing: a file may be touched by anybody.
  clock_.Advance(std::chrono::seconds(10));
  ASSERT_TRUE(WriteFileAtomically(path_, Text("a", "2026-01-01T00:00:10Z")));
  ASSERT_TRUE(WriteFileAtomically(path_, Text("b", "2026-01-01T00:00:10Z")));
  ASSERT_TRUE(WaitUntil([this] { return Digest() == "b"; }));
  EXPECT_EQ(Calls(), 1) << "for the answer that is another";
}

TEST_F(AckReaderTest, IgnoresOtherFilesOfTheDirectory) {
  Start();
  directory_.Write("other.json", Text("x"));
  ASSERT_TRUE(WriteFileAtomically(path_, Text("a")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "a"; }));
}

TEST_F(AckReaderTest, FollowsADirectoryThatWasReplaced) {
  directory_.Write("volume/status.json", "");
  const std::string volume = directory_.path() + "/volume";
  path_ = volume + "/status.json";
  ASSERT_TRUE(WriteFileAtomically(path_, Text("a")));
  Start();
  EXPECT_EQ(Digest(), "a");
  std::filesystem::rename(volume, directory_.path() + "/former");
  std::filesystem::create_directory(volume);
  ASSERT_TRUE(WriteFileAtomically(path_, Text("b")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "b"; }));
  ASSERT_TRUE(WriteFileAtomically(path_, Text("c")));
  EXPECT_TRUE(WaitUntil([this] { return Digest() == "c"; })) << "and hears what follows";
}

TEST_F(AckReaderTest, NeedsTheDirectory) {
  const auto started = AckReader::Start(directory_.path() + "/none/status.json", clock_, [] {});
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().detail.find("none"), std::string::npos) << started.error().detail;
}

}  // namespace
}  // namespace stevedore::publish
