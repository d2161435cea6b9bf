#include "proxy/config/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stevedore::config {
namespace {

using ::testing::HasSubstr;

ProxyStatus Sample() {
  ProxyStatus status;
  status.digest = "sha256:aa";
  status.last_attempt = {"sha256:bb", false, {{"listeners[0].port", "0: must be 1 to 65535", 0}}};
  status.listeners = {{"game/1", true, ""}, {"game/2", false, "address in use"}};
  status.upstreams = {{"game/a", 6, 5, 4, 1, 3, true}};
  status.time = "2024-06-11T10:00:00Z";
  return status;
}

TEST(Status, HasItsNames) {
  EXPECT_EQ(EncodeStatus(Sample()), R"({
  "version": 1,
  "digest": "sha256:aa",
  "lastAttempt": {
    "digest": "sha256:bb",
    "result": "rejected",
    "errors": [
      {
        "path": "listeners[0].port",
        "message": "0: must be 1 to 65535"
      }
    ]
  },
  "listeners": [
    {
      "name": "game/1",
      "bound": true,
      "error": ""
    },
    {
      "name": "game/2",
      "bound": false,
      "error": "address in use"
    }
  ],
  "upstreams": [
    {
      "name": "game/a",
      "total": 6,
      "ready": 5,
      "healthy": 4,
      "draining": 1,
      "usable": 3,
      "backupActive": true
    }
  ],
  "time": "2024-06-11T10:00:00Z"
}
)");
}

TEST(Status, IsReadBackEqual) {
  ProxyStatus with_line = Sample();
  with_line.last_attempt.errors[0].line = 12;
  ProxyStatus applied = Sample();
  applied.last_attempt = {"sha256:aa", true, {}};
  for (const ProxyStatus& status : {ProxyStatus(), Sample(), with_line, applied}) {
    const auto decoded = DecodeStatus(EncodeStatus(status));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, status);
  }
}

TEST(Status, IgnoresWhatANewerProxyAdds) {
  const auto decoded = DecodeStatus(
      R"({"version": 1, "new": {}, "listeners": [{"name": "l", "bound": true, "more": 1}]})");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->listeners, (std::vector<ListenerStatus>{{"l", true, ""}}));
}

TEST(Status, RefusesOtherVersionsTypesAndText) {
  struct Case {
    const char* text;
    const char* detail;
  };
  for (const Case& c : {Case{R"({"version": 2})", "version: 2: must be 1"},
                        {"{}", "version: missing"},
                        {"", "empty"},
                        {R"({"version": 1, "digest)", "not valid JSON"},
                        {"[]", "a list: must be an object"},
                        {R"({"version": 1, "digest": 5})", "digest: 5: must be text"},
                        {R"({"version": 1, "lastAttempt": {"result": "maybe"}})",
                         "lastAttempt.result: \"maybe\": must be one of"}}) {
    const auto decoded = DecodeStatus(c.text);
    ASSERT_FALSE(decoded) << c.text;
    EXPECT_EQ(decoded.error().code, Errc::kInvalid);
    EXPECT_THAT(decoded.error().detail, HasSubstr(c.detail));
  }
}

TEST(Status, SurvivesBytesThatAreNoUtf8) {
  ProxyStatus status = Sample();
  status.listeners[0].error = "\xff";
  EXPECT_TRUE(DecodeStatus(EncodeStatus(status)));
}

}  // namespace
}  // namespace stevedore::config
