#include "controller/crd_command.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "controller/api/crd.h"
#include "proxy/base/file.h"
#include "tests/controller/api/crd_sample.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/scripted_server.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore {
namespace {

// An API server whose every answer is `status` and `body`.
class CrdCommandTest : public testing::Test {
 protected:
  CrdCommandTest() {
    options_.file = folder_.path() + "/crd.yaml";
    options_.kubeconfig = folder_.path() + "/kubeconfig";
    EXPECT_TRUE(WriteFileAtomically(options_.file, api::CrdFileSample().dump()));
    EXPECT_TRUE(WriteFileAtomically(options_.kubeconfig,
                                    "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
                                    "clusters: [{name: c, cluster: {server: \"http://127.0.0.1:" +
                                        std::to_string(server_.port()) +
                                        "\"}}]\nusers: [{name: u, user: {token: t}}]\n"
                                        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"));
  }
  // Exit code; `log_` is what it wrote.
  int Run() {
    testing::internal::CaptureStdout();
    const int code = RunCrd(options_, [](const std::string&) { return std::string(); });
    log_ = testing::internal::GetCapturedStdout();
    return code;
  }
  bool Logged(const std::string& text) const { return log_.find(text) != std::string::npos; }

  int status_ = 200;
  std::string body_ = api::LiveCrdSample().dump();
  kube::TempDir folder_;
  kube::ScriptedServer server_{[this](kube::ServerConnection& connection, const std::string&) {
    return connection.Write(kube::Answer(status_, body_));
  }};
  CrdOptions options_;
  std::string log_;
};

TEST_F(CrdCommandTest, AppliesTheFile) {
  EXPECT_EQ(Run(), 0);
  EXPECT_TRUE(Logged("Left the CRD alone, since it is the same name=things.example.com")) << log_;
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_TRUE(requests[0].starts_with(
      "GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com HTTP"));
  EXPECT_TRUE(requests[1].starts_with("PATCH ")) << requests[1];
  EXPECT_NE(requests[1].find("dryRun=All"), std::string::npos) << requests[1];
}

TEST_F(CrdCommandTest, ReadsYamlAsItStands) {
  EXPECT_TRUE(WriteFileAtomically(options_.file,
                                  "# a comment\n"
                                  "apiVersion: apiextensions.k8s.io/v1\n"
                                  "kind: CustomResourceDefinition\n"
                                  "metadata:\n"
                                  "  name: things.example.com\n"
                                  "  annotations: {stevedore.io/schema: \"4\"}\n"
                                  "spec:\n"
                                  "  names: {kind: Thing}\n"
                                  "  versions: [{name: v1, schema: {default: \"0x68\"}}]\n"));
  EXPECT_EQ(Run(), 0);
  EXPECT_TRUE(Logged("Raised the CRD name=things.example.com schema=4 from=3")) << log_;
  EXPECT_NE(server_.requests().back().find(R"("default":"0x68")"), std::string::npos);
}

TEST_F(CrdCommandTest, Deletes) {
  status_ = 404;
  options_.action = CrdAction::kDelete;
  EXPECT_EQ(Run(), 0);
  EXPECT_TRUE(Logged("There is no CRD to delete name=things.example.com")) << log_;
}

TEST_F(CrdCommandTest, NamesWhatIsWrongWithTheFile) {
  const std::string two = api::CrdFileSample().dump() + "\n---\n" + api::CrdFileSample().dump();
  const std::pair<std::string, std::string> table[] = {
      {"a: [", "crd.yaml: line 1"},
      {"a: b", "crd.yaml: not a CustomResourceDefinition"},
      {"", "crd.yaml: must hold one document, holds 0"},
      {two, "crd.yaml: must hold one document, holds 2"},
      {api::CrdFileSample("").dump(), "crd.yaml: annotation stevedore.io/schema is missing"},
  };
  for (const auto& [text, message] : table) {
    EXPECT_TRUE(WriteFileAtomically(options_.file, text));
    EXPECT_EQ(Run(), 1);
    EXPECT_TRUE(Logged(message)) << log_;
  }
  options_.file += ".none";
  EXPECT_EQ(Run(), 1);
  EXPECT_TRUE(Logged("crd.yaml.none")) << log_;
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(CrdCommandTest, NamesWhatIsWrongWithTheKubeconfig) {
  options_.context = "elsewhere";
  EXPECT_EQ(Run(), 1);
  EXPECT_TRUE(Logged("Could not apply the CRD error=")) << log_;
  EXPECT_TRUE(Logged("elsewhere")) << log_;
}

TEST_F(CrdCommandTest, GivesUpInTheEnd) {
  status_ = 503;
  options_.timeout_seconds = 1;
  EXPECT_EQ(Run(), 1);
  EXPECT_TRUE(Logged("Trying again reason=\"HTTP 503")) << log_;
  EXPECT_TRUE(Logged("Could not apply the CRD error=\"HTTP 503")) << log_;
  EXPECT_TRUE(Logged(" s)\"")) << log_;
  EXPECT_GT(server_.requests().size(), 2u);
}

TEST_F(CrdCommandTest, EndsOnASignal) {
  status_ = 503;
  for (const int signal : {SIGTERM, SIGINT}) {
    const std::size_t before = server_.requests().size();
    std::thread helper([&, main = ::pthread_self()] {
      EXPECT_TRUE(WaitUntil([&] { return server_.requests().size() > before; }));
      ::pthread_kill(main, signal);
    });
    EXPECT_EQ(Run(), 1);
    helper.join();
    EXPECT_TRUE(Logged("(told to end)")) << log_;
  }
}

}  // namespace
}  // namespace stevedore
