#include "controller/kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/controller/kube/temp_dir.h"

namespace stevedore::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A kubeconfig of one context "dev" with these fields of cluster and user (JSON object bodies).
std::string Config(const std::string& cluster, const std::string& user) {
  return R"({"current-context": "dev", "clusters": [{"name": "c", "cluster": {)" + cluster +
         R"(}}], "users": [{"name": "u", "user": {)" + user +
         R"(}}], "contexts": [{"name": "dev", "context": {"cluster": "c", "user": "u"}}]})";
}

const char* const kServer = R"("server": "https://api.example:6443")";

Result<ClusterAccess> Load(const TempDir& dir, const std::string& content) {
  return LoadKubeconfig({{dir.Write("conf/config", content)}, true}, "");
}

TEST(KubeconfigFiles, FlagThenVariableThenHome) {
  std::map<std::string, std::string> values = {{"HOME", "/root-of/me"}};
  const auto env = [&values](const std::string& name) { return values[name]; };
  EXPECT_THAT(KubeconfigFiles("", env).paths, ElementsAre("/root-of/me/.kube/config"));
  values["KUBECONFIG"] = ":a::b:c";
  EXPECT_THAT(KubeconfigFiles("", env).paths, ElementsAre("a", "b", "c"));
  EXPECT_FALSE(KubeconfigFiles("", env).all_required);
  EXPECT_THAT(KubeconfigFiles("f", env).paths, ElementsAre("f"));
  EXPECT_TRUE(KubeconfigFiles("f", env).all_required);
  values.clear();
  EXPECT_THAT(KubeconfigFiles("", env).paths, IsEmpty());
}

TEST(LoadKubeconfig, ReadsYaml) {
  TempDir dir;
  dir.Write("conf/pki/ca.pem", "CA");
  const Result<ClusterAccess> access = Load(dir, R"(
apiVersion: v1
kind: Config
current-context: dev
clusters:
- name: c
  cluster: {server: "https://[::1]:6443", certificate-authority: pki/ca.pem, tls-server-name: api}
users:
- name: u
  user: {token: abc, exec: null}
contexts:
- name: dev
  context: {cluster: c, user: u, namespace: game}
)");
  ASSERT_TRUE(access) << access.error().detail;
  EXPECT_EQ(access->server, (ServerUrl{true, "::1", 6443, ""}));
  EXPECT_EQ(access->ca.path, dir.path() + "/conf/pki/ca.pem");
  EXPECT_EQ(access->tls_server_name, "api");
  EXPECT_EQ(access->token.text, "abc");
  EXPECT_EQ(access->ns, "game");
  EXPECT_EQ(access->name, "dev");
}

TEST(LoadKubeconfig, DataWinsOverPathsAndTokenFileOverToken) {
  TempDir dir;
  const Result<ClusterAccess> access =
      Load(dir, Config(std::string(kServer) + R"(, "certificate-authority-data": "Q0E=",
                       "certificate-authority": "/none")",
                       R"("client-certificate-data": "Q2VydA==", "client-key-data": "S2V5",
                       "client-key": "/none", "token": "abc", "tokenFile": "t/token")"));
  ASSERT_TRUE(access) << access.error().detail;
  EXPECT_EQ(access->ca.text, "CA");
  EXPECT_EQ(access->client_certificate.text, "Cert");
  EXPECT_EQ(access->client_key.text, "Key");
  EXPECT_EQ(access->token.text, "");
  EXPECT_EQ(access->token.path, dir.path() + "/conf/t/token");
  EXPECT_EQ(access->ns, "default");
}

TEST(LoadKubeconfig, FirstFileWinsAndMissingOnesAreSkipped) {
  TempDir dir;
  const std::string first = dir.Write("1/config", R"({"clusters": [
      {"name": "c", "cluster": {"server": "https://first"}}]})");
  const std::string second =
      dir.Write("2/config", Config(R"("server": "https://second")", R"("tokenFile": "token")"));
  const Result<ClusterAccess> access =
      LoadKubeconfig({{first, dir.path() + "/none", second}, false}, "");
  ASSERT_TRUE(access) << access.error().detail;
  EXPECT_EQ(access->server.host, "first");
  EXPECT_EQ(access->token.path, dir.path() + "/2/token");

  EXPECT_FALSE(LoadKubeconfig({{dir.path() + "/none"}, false}, ""));
  EXPECT_FALSE(LoadKubeconfig({{first, dir.path() + "/none"}, true}, ""));
  EXPECT_FALSE(LoadKubeconfig({{}, false}, ""));
}

TEST(LoadKubeconfig, ContextByName) {
  TempDir dir;
  const std::string file = dir.Write("config", R"({"current-context": "a", "clusters": [
      {"name": "ca", "cluster": {"server": "https://a"}},
      {"name": "cb", "cluster": {"server": "https://b"}}], "contexts": [
      {"name": "a", "context": {"cluster": "ca"}}, {"name": "b", "context": {"cluster": "cb"}},
      {"name": "no-user", "context": {"cluster": "cb", "user": "nobody"}},
      {"name": "no-cluster", "context": {"cluster": "nowhere"}}]})");
  EXPECT_EQ(LoadKubeconfig({{file}, true}, "")->server.host, "a");
  EXPECT_EQ(LoadKubeconfig({{file}, true}, "b")->server.host, "b");
  for (const char* context : {"none", "no-user", "no-cluster"}) {
    const Result<ClusterAccess> access = LoadKubeconfig({{file}, true}, context);
    ASSERT_FALSE(access) << context;
    EXPECT_EQ(access.error().code, Errc::kNotFound);
  }
  const std::string bare = dir.Write("bare", "{}");
  const Result<ClusterAccess> access = LoadKubeconfig({{bare}, true}, "");
  ASSERT_FALSE(access);
  EXPECT_THAT(access.error().detail, HasSubstr("no current-context"));
}

TEST(LoadKubeconfig, RefusesWithAMessageThatNamesTheField) {
  const std::string server = kServer;
  const struct {
    std::string cluster, user, error;
  } kCases[] = {
      {server, R"("exec": {"command": "aws"})", "\"exec\" is not supported"},
      {server, R"("auth-provider": {"name": "gcp"})", "\"auth-provider\" is not supported"},
      {server, R"("username": "me")", "\"username\" is not supported"},
      {server, R"("password": "x")", "\"password\" is not supported"},
      {server, R"("as": "admin")", "\"as\" is not supported"},
      {server, R"("as-groups": ["x"])", "\"as-groups\" is not supported"},
      {server + R"(, "proxy-url": "http://p")", "", "\"proxy-url\" is not supported"},
      {server + R"(, "insecure-skip-tls-verify": true, "certificate-authority-data": "Q0E=")", "",
       "exclude each other"},
      {server + R"(, "insecure-skip-tls-verify": "maybe")", "", "bad conversion"},
      {server + R"(, "certificate-authority-data": "???")", "",
       "\"certificate-authority-data\" is not base64"},
      {server + R"(, "certificate-authority": "none.pem")", "", "certificate-authority"},
      {server, R"("client-certificate-data": "Q0E=")", "must be set together"},
      {server, R"("token": ["x"])", "bad conversion"},
      {"", "", "must start with https://"},
      {R"("server": "api:6443")", "", "must start with https://"},
  };
  TempDir dir;
  for (const auto& test : kCases) {
    const Result<ClusterAccess> access = Load(dir, Config(test.cluster, test.user));
    ASSERT_FALSE(access) << test.error;
    EXPECT_THAT(access.error().detail, HasSubstr(test.error));
  }
}

TEST(LoadKubeconfig, BrokenFiles) {
  TempDir dir;
  for (const char* content : {"{", "- a\n- b\n", "clusters: 7\n", "clusters: [7]\n", "\x01"}) {
    EXPECT_FALSE(Load(dir, content)) << content;
  }
}

}  // namespace
}  // namespace stevedore::kube
