#include "controller/run.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "proxy/base/file.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore {
namespace {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome Compile(const std::vector<std::string>& paths) {
  compile::CompileOptions options;
  options.directory_mode = true;
  options.static_peers = *compile::ParseStaticPeers("any");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Outcome outcome;
  outcome.code = RunCompile(paths, options);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

// The manifests of a golden case, its expected files left out.
std::vector<std::string> Manifests(const std::string& directory) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string Without(std::string text, const std::string& part) {
  for (std::size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
  return text;
}

TEST(RunCompile, PrintsTheConfigAndReturnsZero) {
  const std::string directory = "tests/golden/compile/service-peers";
  const Outcome outcome = Compile(Manifests(directory));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, *ReadFile(directory + "/config.json"));
  EXPECT_EQ(Without(outcome.err, directory + "/"), *ReadFile(directory + "/reports.txt"));
}

TEST(RunCompile, ReturnsOneForEveryInvalidCaseWithALinePerProblem) {
  for (const char* const name : {"references", "shapes", "fields", "yaml"}) {
    const std::string directory = std::string("tests/golden/compile/invalid/") + name;
    const Outcome outcome = Compile(Manifests(directory));
    EXPECT_EQ(outcome.code, 1) << name;
    EXPECT_EQ(outcome.out, *ReadFile(directory + "/config.json")) << name;
    EXPECT_EQ(Without(outcome.err, directory + "/"), *ReadFile(directory + "/reports.txt")) << name;
  }
}

TEST(RunCompile, TakesWholeDirectories) {
  const Outcome outcome = Compile({"manifests/examples/local"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST(RunCompile, ReturnsOneForAPathThatIsNotThere) {
  const Outcome outcome = Compile({"tests/golden/compile/nowhere"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("nowhere"), std::string::npos) << outcome.err;
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

// RunController() blocks the signals that end it; each test gives them back.
class RunControllerTest : public testing::Test {
 protected:
  RunControllerTest() {
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    options_.directory = root_.path();
    options_.proxy_config = root_.path() + "/config.json";
    options_.proxy_status = root_.path() + "/status.json";
    options_.metrics_address = "127.0.0.1:0";
  }
  ~RunControllerTest() override { ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

  kube::TempDir root_;
  ControllerOptions options_;
  sigset_t mask_;
};

TEST_F(RunControllerTest, ReturnsOneWhenItCannotStart) {
  options_.directory += "/none";
  EXPECT_EQ(RunController(options_), 1);
  EXPECT_FALSE(std::filesystem::exists(options_.proxy_config));
}

TEST_F(RunControllerTest, RunsUntilASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::filesystem::remove(options_.proxy_config);
    std::thread helper([&, main = ::pthread_self()] {
      EXPECT_TRUE(WaitUntil([&] { return std::filesystem::exists(options_.proxy_config); }));
      ::pthread_kill(main, signal);
    });
    EXPECT_EQ(RunController(options_), 0);
    helper.join();
  }
}

}  // namespace
}  // namespace stevedore
