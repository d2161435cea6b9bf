#include "proxy/report/explain_request.h"

#include <gtest/gtest.h>

namespace stevedore::report {
namespace {

TEST(ExplainRequest, TakesHexInAllForms) {
  for (const char* hex : {"0x0102ff", "0102ff", "0102FF", "01 02 ff", " 01\n02\tff "}) {
    const auto request = ParseExplainRequest("7000", hex, "[fd00::1]:5");
    ASSERT_TRUE(request) << hex << ": " << request.error().detail;
    EXPECT_EQ(request->payload, (config::Bytes{1, 2, 255})) << hex;
    EXPECT_EQ(request->listener_port, 7000);
    EXPECT_EQ(request->client.ToString(), "[fd00::1]:5");
  }
  EXPECT_TRUE(ParseExplainRequest("7000", "", kAnyClient)->payload.empty());
}

TEST(ExplainRequest, NamesWhatIsWrong) {
  const struct {
    const char* port;
    const char* hex;
    const char* client;
    const char* error;
  } cases[] = {
      {"", "00", kAnyClient, "listener \"\": must be a port, 1 to 65535"},
      {"0", "00", kAnyClient, "listener \"0\": must be a port, 1 to 65535"},
      {"65536", "00", kAnyClient, "listener \"65536\": must be a port, 1 to 65535"},
      {"7x", "00", kAnyClient, "listener \"7x\": must be a port, 1 to 65535"},
      {"7", "0", kAnyClient, "hex \"0\": must be pairs of hex digits"},
      {"7", "zz", kAnyClient, "hex \"zz\": must be pairs of hex digits"},
      {"7", "00", "192.0.2.1", "client \"192.0.2.1\": must be ADDR:PORT"},
  };
  for (const auto& bad : cases) {
    const auto request = ParseExplainRequest(bad.port, bad.hex, bad.client);
    ASSERT_FALSE(request);
    EXPECT_EQ(request.error().detail, bad.error);
  }
}

}  // namespace
}  // namespace stevedore::report
