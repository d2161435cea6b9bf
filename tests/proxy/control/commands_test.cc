#include "proxy/control/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/proxy/base/temporary_directory.h"
#include "tests/proxy/report/sample.h"

namespace stevedore::control {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Commands : public testing::Test {
 protected:
  std::string File(const std::string& content) {
    std::string path = directory_.File("config.json");
    std::ofstream(path) << content;
    return path;
  }
  template <class Command>
  void Run(Command command) {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    code_ = command();
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
  }

  TemporaryDirectory directory_;
  const std::string good_ = ConfigText(ListenerText("a", 7000, "u"), UpstreamText("u", 5));
  int code_ = -1;
  std::string out_;
  std::string err_;
};

TEST_F(Commands, CheckSaysNothingOfAValidFile) {
  Run([&] { return Check(File(good_)); });
  EXPECT_EQ(code_, 0);
  EXPECT_EQ(out_ + err_, "");
}

TEST_F(Commands, CheckSaysEveryErrorWithItsLine) {
  const std::string path =
      File(ConfigText("\n{ \"name\": \"a\", \"port\": 0 },\n" + ListenerText("b", 7000, "nobody")));
  Run([&] { return Check(path); });
  EXPECT_EQ(code_, 1);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, HasSubstr(path + ": line 2: listeners[0].port: "));
  EXPECT_THAT(err_, HasSubstr(path + ": line 3: listeners[1].defaultUpstream: "));
}

TEST_F(Commands, AMissingFileIsNamed) {
  const std::string path = directory_.File("none.json");
  Run([&] { return Check(path); });
  EXPECT_EQ(code_, 1);
  EXPECT_THAT(err_, HasSubstr(path));
  Run([] { return Check(""); });
  EXPECT_EQ(code_, 1);
  EXPECT_EQ(err_, "-c FILE is needed\n");
}

TEST_F(Commands, ADumpOfADumpIsIdentical) {
  Run([&] { return Dump(File(good_)); });
  EXPECT_EQ(code_, 0);
  EXPECT_THAT(out_, HasSubstr("\"idleTimeoutSeconds\": 60"));
  const std::string first = out_;
  Run([&] { return Dump(File(first)); });
  EXPECT_EQ(code_, 0);
  EXPECT_EQ(out_, first);
  Run([&] { return Dump(File("{")); });
  EXPECT_EQ(code_, 1);
  EXPECT_EQ(out_, "");
}

TEST_F(Commands, ExplainTakesHexInBothForms) {
  const std::string path = File(good_);
  for (const char* hex : {"", "0x", "0102", "0x0102"}) {
    Run([&] { return ExplainCommand(path, {"7000", hex, "192.0.2.1:40000"}); });
    EXPECT_EQ(code_, 0) << hex << err_;
    EXPECT_THAT(out_, EndsWith("\nverdict: peer 127.0.0.1:5\n"));
  }
}

TEST_F(Commands, ExplainNamesTheWrongFlag) {
  const std::string path = File(good_);
  const std::pair<ExplainFlags, const char*> cases[] = {
      {{"7000", "012", "192.0.2.1:1"}, "--hex \"012\""},
      {{"7000", "zz", "192.0.2.1:1"}, "--hex \"zz\""},
      {{"0", "01", "192.0.2.1:1"}, "--listener \"0\": must be a port"},
      {{"7000", "01", "192.0.2.1"}, "--client \"192.0.2.1\""},
      {{"7001", "01", "192.0.2.1:1"}, "no listener has port 7001"}};
  for (const auto& [flags, start] : cases) {
    Run([&path, &f = flags] { return ExplainCommand(path, f); });
    EXPECT_EQ(code_, 1) << start;
    EXPECT_EQ(out_, "");
    EXPECT_THAT(err_, StartsWith(start));
  }
  Run([&] { return ExplainCommand(File("{"), {"7000", "01", "192.0.2.1:1"}); });
  EXPECT_EQ(code_, 1);
}

}  // namespace
}  // namespace stevedore::control
