#include "controller/source/directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <set>

#include "proxy/base/file.h"

namespace stevedore::source {
namespace {

// Keeps the names of the Services and lets a test wait for them.
class WaitingSink : public Sink {
 public:
  void Replace(Kind kind, const std::string&, std::vector<Object> objects) override {
    if (kind != Kind::kService) return;
    const std::lock_guard lock(mutex_);
    names_.clear();
    for (const Object& object : objects) names_.insert(object.key.name);
    ++replaced_;
    changed_.notify_all();
  }
  void Apply(Kind, Object) override { FAIL(); }
  void Delete(Kind, const kube::Key&) override { FAIL(); }

  bool WaitFor(const std::set<std::string>& names) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return names_ == names; });
  }
  std::set<std::string> names() {
    const std::lock_guard lock(mutex_);
    return names_;
  }
  int replaced() {
    const std::lock_guard lock(mutex_);
    return replaced_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> names_;
  int replaced_ = 0;
};

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    std::string pattern = testing::TempDir() + "directory-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~DirectoryTest() override { std::filesystem::remove_all(path_); }

  std::string File(const std::string& name) const { return path_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(File(name)) << text;
  }
  static std::string Service(const std::string& name) {
    return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\n";
  }
  void Start() {
    auto started = DirectorySource::Start(path_, sink_, [this](const auto& problems) {
      const std::lock_guard lock(mutex_);
      problems_ = problems;
      told_.notify_all();
    });
    ASSERT_TRUE(started) << started.error().detail;
    source_ = std::move(*started);
  }
  bool WaitForProblems(std::size_t count) {
    std::unique_lock lock(mutex_);
    return told_.wait_for(lock, std::chrono::seconds(20),
                          [&] { return problems_.size() == count; });
  }

  std::string path_;
  WaitingSink sink_;
  std::mutex mutex_;
  std::condition_variable told_;
  std::vector<SourceProblem> problems_;
  std::unique_ptr<DirectorySource> source_;
};

TEST_F(DirectoryTest, DeliversWhatIsThereBeforeStartReturns) {
  Write("a.yaml", Service("a"));
  Start();
  EXPECT_EQ(sink_.names(), std::set<std::string>{"a"});
}

TEST_F(DirectoryTest, AnEmptyDirectoryIsACompleteList) {
  Start();
  EXPECT_EQ(sink_.replaced(), 1);
}

TEST_F(DirectoryTest, AMissingDirectoryIsAnError) {
  EXPECT_FALSE(DirectorySource::Start(path_ + "/none", sink_));
}

TEST_F(DirectoryTest, FollowsNewChangedRenamedAndRemovedFiles) {
  Write("a.yaml", Service("a"));
  Start();
  Write("b.yaml", Service("b"));
  EXPECT_TRUE(sink_.WaitFor({"a", "b"}));
  Write("a.yaml", Service("c"));
  EXPECT_TRUE(sink_.WaitFor({"b", "c"}));
  ASSERT_TRUE(WriteFileAtomically(File("a.yaml"), Service("d")));
  EXPECT_TRUE(sink_.WaitFor({"b", "d"}));
  std::filesystem::remove(File("b.yaml"));
  EXPECT_TRUE(sink_.WaitFor({"d"}));
}

TEST_F(DirectoryTest, AFileThatDoesNotParseKeepsItsLastGoodObjects) {
  Write("a.yaml", Service("a"));
  Start();
  Write("a.yaml", "a: [1,\n");
  EXPECT_TRUE(WaitForProblems(1));
  EXPECT_EQ(sink_.names(), std::set<std::string>{"a"});
  ASSERT_EQ(source_->problems().size(), 1u);
  EXPECT_EQ(source_->problems()[0].file, File("a.yaml"));
  EXPECT_TRUE(source_->problems()[0].message.starts_with("line 2: "));
  Write("b.yaml", Service("b"));
  EXPECT_TRUE(sink_.WaitFor({"a", "b"}));
  Write("a.yaml", Service("fixed"));
  EXPECT_TRUE(sink_.WaitFor({"b", "fixed"}));
  EXPECT_TRUE(WaitForProblems(0));
}

TEST_F(DirectoryTest, AnEmptyFileKeepsItsLastGoodObjects) {
  Write("a.yaml", Service("a"));
  Start();
  Write("a.yaml", "");
  EXPECT_TRUE(WaitForProblems(1));
  EXPECT_EQ(sink_.names(), std::set<std::string>{"a"});
  Write("a.yaml", "# nothing any more\n");
  EXPECT_TRUE(sink_.WaitFor({}));
}

TEST_F(DirectoryTest, ADirectoryThatGoesAwayKeepsItsObjectsAndIsTakenUpAgain) {
  Write("a.yaml", Service("a"));
  Start();
  std::filesystem::rename(path_, path_ + "-away");
  std::filesystem::create_directory(path_);
  Write("b.yaml", Service("b"));
  EXPECT_TRUE(sink_.WaitFor({"b"}));
  std::filesystem::remove_all(path_ + "-away");
}

}  // namespace
}  // namespace stevedore::source
