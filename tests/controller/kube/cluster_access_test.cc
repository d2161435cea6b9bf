#include "controller/kube/cluster_access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace stevedore::kube {
namespace {

using ::testing::HasSubstr;

TEST(ParseServerUrl, TakesUrlsApart) {
  const struct {
    const char* url;
    ServerUrl want;
  } kCases[] = {
      {"https://api.example", {true, "api.example", 443, ""}},
      {"http://api.example/", {false, "api.example", 80, ""}},
      {"https://10.0.0.1:6443", {true, "10.0.0.1", 6443, ""}},
      {"https://[fd00::1]:6443/k8s/c1/", {true, "fd00::1", 6443, "/k8s/c1"}},
      {"https://[::1]", {true, "::1", 443, ""}},
  };
  for (const auto& test : kCases) {
    const Result<ServerUrl> got = ParseServerUrl(test.url);
    ASSERT_TRUE(got) << test.url;
    EXPECT_EQ(*got, test.want) << test.url;
  }
}

TEST(ParseServerUrl, ErrorsSayWhatIsWrong) {
  const struct {
    const char* url;
    const char* error;
  } kCases[] = {
      {"", "must start with"},
      {"api.example:6443", "must start with"},
      {"ftp://api.example", "must start with"},
      {"https://", "no host"},
      {"https:///path", "no host"},
      {"https://api:", "port of 1 to 65535"},
      {"https://api:0", "port of 1 to 65535"},
      {"https://api:65536", "port of 1 to 65535"},
      {"https://api:64x", "port of 1 to 65535"},
      {"https://fd00::1:6443", "port of 1 to 65535"},
      {"https://[fd00::1", "no ]"},
      {"https://[api]:1", "no IPv6 address"},
      {"https://[::1]x", "after the ]"},
      {"https://user@api", "must not have a user"},
      {"https://api/?x=1", "must not have a user"},
      {"https://api x", "must not have blanks"},
      {"https://api/a\r\nHost: b", "must not have blanks"},
  };
  for (const auto& test : kCases) {
    const Result<ServerUrl> got = ParseServerUrl(test.url);
    ASSERT_FALSE(got) << test.url;
    EXPECT_THAT(got.error().detail, HasSubstr(test.error)) << test.url;
  }
}

TEST(Material, TextWinsOverAFile) {
  EXPECT_TRUE(Material{}.empty());
  EXPECT_EQ(*Material{}.Read(), "");
  EXPECT_EQ(*(Material{"text", "/does/not/exist"}.Read()), "text");
  EXPECT_FALSE((Material{"", "/does/not/exist"}.Read()));
}

}  // namespace
}  // namespace stevedore::kube
