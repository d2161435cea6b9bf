#include "controller/supervise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "proxy/base/file.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

class SuperviseTest : public ::testing::Test {
 protected:
  ~SuperviseTest() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // Supervises `sh -c script` in a process of its own; $OUT is a file that Lines() reads.
  void Start(const std::string& script) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::setenv("OUT", path_.c_str(), 1);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // as pid 1 is
    options_.program = "/bin/sh";
    options_.argv = {"sh", "-c", script};
    ::_exit(Supervise(options_) + 40);
  }
  std::vector<std::string> Lines() const {
    const auto text = ReadFile(path_);
    std::istringstream in(text ? *text : "");
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  bool WaitForLines(std::size_t count) const {
    return WaitUntil([&] { return Lines().size() >= count; });
  }
  // Its exit code less 40; -1 for another end.
  int End() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) - 40 : -1;
  }
  int EndBy(int signal) {
    ::kill(pid_, signal);
    return End();
  }
  static bool Gone(const std::string& pid) { return ::access(("/proc/" + pid).c_str(), F_OK) != 0; }

  kube::TempDir dir_;
  const std::string path_ = dir_.path() + "/out";
  SuperviseOptions options_{.first_delay = milliseconds(10), .longest_delay = milliseconds(40)};
  pid_t pid_ = -1;
};

TEST_F(SuperviseTest, StartsItAgainWhateverEndedIt) {
  Start(
      "echo x >> $OUT; case $(wc -l < $OUT) in 1) exit 0;; 2) exit 3;; 3) kill -9 $$;; esac;"
      "exec sleep 60");
  EXPECT_TRUE(WaitForLines(4));
  EXPECT_EQ(EndBy(SIGTERM), 0);
  EXPECT_EQ(Lines().size(), 4u);
}

TEST_F(SuperviseTest, WaitsLongerEachTimeUpToALimit) {
  options_.first_delay = milliseconds(50);
  options_.longest_delay = milliseconds(200);
  Start("date +%s%3N >> $OUT");
  ASSERT_TRUE(WaitForLines(5));
  EXPECT_EQ(EndBy(SIGTERM), 0);
  std::vector<long> at;
  for (const std::string& line : Lines()) at.push_back(std::stol(line));
  const long kLeast[] = {50, 100, 200, 200};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_GE(at[i + 1] - at[i], kLeast[i] - 5) << i;
}

TEST_F(SuperviseTest, ForgetsTheFailuresOfAChildThatLived) {
  options_.first_delay = milliseconds(20);
  options_.longest_delay = seconds(60);  // the tenth start would never come
  options_.healthy_after = milliseconds(0);
  Start("echo x >> $OUT");
  EXPECT_TRUE(WaitForLines(14));
  EXPECT_EQ(EndBy(SIGTERM), 0);
}

TEST_F(SuperviseTest, PassesTheSignalOnAndEndsWithTheChild) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Start(
        "trap 'echo stopped >> $OUT; exit 7' TERM INT; echo started >> $OUT;"
        "while :; do sleep 0.01; done");
    ASSERT_TRUE(WaitForLines(1));
    EXPECT_EQ(EndBy(signal), 0);
    EXPECT_THAT(Lines(), ElementsAre("started", "stopped"));
    ::unlink(path_.c_str());
  }
}

TEST_F(SuperviseTest, EndsAtOnceWhileNoChildRuns) {
  options_.first_delay = options_.longest_delay = seconds(60);
  Start("echo $$ >> $OUT");
  ASSERT_TRUE(WaitForLines(1));
  ASSERT_TRUE(WaitUntil([&] { return Gone(Lines()[0]); }));
  const auto start = steady_clock::now();
  EXPECT_EQ(EndBy(SIGTERM), 0);
  EXPECT_LT(steady_clock::now() - start, seconds(5));
}

TEST_F(SuperviseTest, InsistsAfterTheGrace) {
  options_.grace = milliseconds(100);
  Start("trap '' TERM; echo $$ >> $OUT; exec sleep 60");
  ASSERT_TRUE(WaitForLines(1));
  EXPECT_EQ(EndBy(SIGTERM), 0);
  EXPECT_TRUE(Gone(Lines()[0]));
}

TEST_F(SuperviseTest, TheChildDiesWithIt) {
  Start("trap '' TERM; echo $$ >> $OUT; exec sleep 60");
  ASSERT_TRUE(WaitForLines(1));
  EXPECT_EQ(EndBy(SIGKILL), -1);
  // Nobody here reaps it: gone, or a zombie.
  EXPECT_TRUE(WaitUntil([&] {
    const auto stat = ReadFile("/proc/" + Lines()[0] + "/stat");
    return !stat || stat->find(") Z") != std::string::npos;
  }));
}

TEST_F(SuperviseTest, TheChildTakesSignalsAndOrphansAreReaped) {
  // Read by the shell itself: it blocks all signals while it starts another program.
  Start(
      "while read -r line; do case $line in SigBlk*) echo \"$line\" >> $OUT; esac; done"
      " < /proc/$$/status; sh -c 'sleep 0.05 & echo $! >> $OUT'; exec sleep 60");
  ASSERT_TRUE(WaitForLines(2));
  EXPECT_EQ(Lines()[0].find_first_not_of("SigBlk:\t0"), std::string::npos) << Lines()[0];
  EXPECT_TRUE(WaitUntil([&] { return Gone(Lines()[1]); }));
  EXPECT_EQ(EndBy(SIGTERM), 0);
}

TEST(ChildOfOurselves, IsTheSameCommandWithoutTheFlag) {
  ::setenv("STEVEDORE_SUPERVISE", "true", 1);
  std::vector<std::string> words = {"controller", "--supervise", "--a", "b", "--supervise=true"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const SuperviseOptions options = ChildOfOurselves(static_cast<int>(argv.size()), argv.data());
  EXPECT_THAT(options.argv, ElementsAre("controller", "--a", "b"));
  EXPECT_EQ(::access(options.program.c_str(), X_OK), 0);
  EXPECT_EQ(std::getenv("STEVEDORE_SUPERVISE"), nullptr);
}

}  // namespace
}  // namespace stevedore
