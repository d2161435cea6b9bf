#include "controller/kube/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "tests/controller/kube/temp_dir.h"

namespace stevedore::kube {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

Environment Env(const std::map<std::string, std::string>& values) {
  return [values](const std::string& name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
}

TEST(InClusterAccess, ReadsWhatAPodIsGiven) {
  TempDir dir;
  dir.Write("token", "t1\n");
  dir.Write("namespace", "edge\n");
  const auto env =
      Env({{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}});
  const Result<ClusterAccess> access = InClusterAccess(dir.path(), env);
  ASSERT_TRUE(access);
  EXPECT_EQ(access->server, (ServerUrl{true, "10.96.0.1", 443, ""}));
  EXPECT_EQ(access->tls_server_name, "");
  EXPECT_EQ(access->ca.path, dir.path() + "/ca.crt");
  EXPECT_EQ(access->ns, "edge");
}

TEST(InClusterAccess, NamespaceAndIpv6) {
  TempDir dir;
  dir.Write("token", "t1");
  std::map<std::string, std::string> env = {{"KUBERNETES_SERVICE_HOST", "fd00::1"},
                                            {"KUBERNETES_SERVICE_PORT", "6443"}};
  Result<ClusterAccess> access = InClusterAccess(dir.path(), Env(env));
  ASSERT_TRUE(access);
  EXPECT_EQ(access->server, (ServerUrl{true, "fd00::1", 6443, ""}));
  EXPECT_EQ(access->tls_server_name, "kubernetes.default.svc");
  EXPECT_EQ(access->ns, "default");

  dir.Write("namespace", "from-file");
  env["POD_NAMESPACE"] = "from-env";
  access = InClusterAccess(dir.path(), Env(env));
  ASSERT_TRUE(access);
  EXPECT_EQ(access->ns, "from-env");
}

TEST(InClusterAccess, OutsideAPodIsNotFound) {
  TempDir dir;
  Result<ClusterAccess> access = InClusterAccess(dir.path(), Env({}));
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, Errc::kNotFound);
  access = InClusterAccess(dir.path(), Env({{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                            {"KUBERNETES_SERVICE_PORT", "443"}}));
  ASSERT_FALSE(access);
  EXPECT_EQ(access.error().code, Errc::kNotFound);
  EXPECT_THAT(access.error().detail, HasSubstr("token"));
}

TEST(FindClusterAccess, PrefersTheFlagThenThePodThenTheDefaultFile) {
  TempDir dir;
  dir.Write("token", "t1");
  const std::string config = dir.Write("config", R"({"current-context": "dev",
      "clusters": [{"name": "c", "cluster": {"server": "https://dev.example"}}],
      "contexts": [{"name": "dev", "context": {"cluster": "c", "namespace": "mine"}}]})");
  std::map<std::string, std::string> env = {{"KUBERNETES_SERVICE_HOST", "10.96.0.1"},
                                            {"KUBERNETES_SERVICE_PORT", "443"},
                                            {"KUBECONFIG", config}};
  EXPECT_EQ(FindClusterAccess("", "", dir.path(), Env(env))->name, "in-cluster");
  EXPECT_EQ(FindClusterAccess(config, "", dir.path(), Env(env))->name, "dev");
  EXPECT_EQ(FindClusterAccess("", "dev", dir.path(), Env(env))->name, "dev");
  EXPECT_EQ(FindClusterAccess("", "", dir.path() + "/none", Env(env))->ns, "mine");
  env["POD_NAMESPACE"] = "pod";
  EXPECT_EQ(FindClusterAccess("", "", dir.path() + "/none", Env(env))->ns, "pod");
}

TEST(Credentials, TokenIsReadAtMostOnceAMinuteAndAfterARefusal) {
  TempDir dir;
  ManualClock clock;
  ClusterAccess access;
  access.token.path = dir.Write("token", " t1\n");
  Credentials credentials(access, clock);
  EXPECT_EQ(credentials.Token(), "t1");
  dir.Write("token", "t2");
  clock.Advance(seconds(59));
  EXPECT_EQ(credentials.Token(), "t1");
  clock.Advance(seconds(1));
  EXPECT_EQ(credentials.Token(), "t2");

  dir.Write("token", "t3");
  credentials.RefuseToken("t1");  // an answer to an old request
  EXPECT_EQ(credentials.Token(), "t2");
  credentials.RefuseToken("t2");
  EXPECT_EQ(credentials.Token(), "t3");
}

TEST(Credentials, TheLastTokenStaysWhenTheFileGivesNone) {
  TempDir dir;
  ManualClock clock;
  ClusterAccess access;
  access.token.path = dir.Write("token", "t1");
  Credentials credentials(access, clock);
  EXPECT_EQ(credentials.Token(), "t1");
  dir.Write("token", " \n");
  clock.Advance(seconds(60));
  EXPECT_EQ(credentials.Token(), "t1");
  std::filesystem::remove(access.token.path);
  clock.Advance(seconds(60));
  EXPECT_EQ(credentials.Token(), "t1");
  // A new file under the old name, as a kubelet swaps them.
  dir.Write("token", "t2");
  clock.Advance(seconds(60));
  EXPECT_EQ(credentials.Token(), "t2");
}

TEST(Credentials, LiteralTokenIsTrimmed) {
  ManualClock clock;
  ClusterAccess access;
  access.token.text = "secret\n";
  Credentials credentials(access, clock);
  credentials.RefuseToken("secret");
  EXPECT_EQ(credentials.Token(), "secret");
}

}  // namespace
}  // namespace stevedore::kube
