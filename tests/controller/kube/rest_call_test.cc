#include "controller/kube/rest_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "tests/controller/kube/scripted_server.h"

namespace stevedore::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

CallError Describe(int code, const std::string& what) {
  return DescribeFailure(std::make_exception_ptr(web::http::http_exception(code, what)));
}

TEST(DescribeFailure, NamesWhatHappened) {
  EXPECT_THAT(Describe(0x0A000086, "Error in SSL handshake").detail,
              HasSubstr("certificate verify failed"));
  EXPECT_THAT(Describe(1, "Failed to read").detail, HasSubstr("TLS connection was cut"));
  EXPECT_THAT(Describe(2, "Failed to read").detail, HasSubstr("the connection was closed"));
  EXPECT_THAT(Describe(ECONNRESET, "Failed to read").detail, HasSubstr("reset"));
  EXPECT_FALSE(Describe(ECONNRESET, "Failed to read").timed_out);
  EXPECT_TRUE(Describe(ETIMEDOUT, "Failed to read").timed_out);
  EXPECT_EQ(DescribeFailure(std::make_exception_ptr(std::runtime_error("odd"))).detail, "odd");
  EXPECT_EQ(DescribeFailure(std::make_exception_ptr(7)).detail, "unknown failure");
}

TEST(OpenCalls, WaitsForTheLast) {
  OpenCalls calls;
  EXPECT_TRUE(calls.WaitForNone(milliseconds(0)));
  calls.Add();
  EXPECT_FALSE(calls.WaitForNone(milliseconds(1)));
  std::thread other([&calls] { calls.Remove(); });
  EXPECT_TRUE(calls.WaitForNone(seconds(5)));
  other.join();
}

// A call that is given up before the answer, to a name: the connection stays until the answer and
// is closed then, and nothing of it is seen any more.
TEST(RestCall, AfterCancelNoByteArrivesAndTheConnectionCloses) {
  std::promise<void> asked;
  std::promise<void> cancelled;
  std::promise<bool> closed;
  ScriptedServer server([&](ServerConnection& connection, const std::string&) {
    asked.set_value();
    cancelled.get_future().wait_for(seconds(5));
    connection.Write(kChunkedHead + Chunk("late"));
    closed.set_value(connection.WaitForClose());
    return false;
  });
  auto open_calls = std::make_shared<OpenCalls>();
  auto client = std::make_shared<web::http::client::http_client>("http://127.0.0.1:" +
                                                                 std::to_string(server.port()));
  const auto call = RestCall::Start(client, web::http::http_request("GET"),
                                    {.max_buffered_bytes = 1000}, open_calls);
  asked.get_future().wait_for(seconds(5));
  EXPECT_FALSE(call->Wait(RestCall::Until::kAnswered, steady_clock::now(), {}));
  call->Cancel();
  cancelled.set_value();
  EXPECT_TRUE(closed.get_future().get());
  EXPECT_TRUE(call->Wait(RestCall::Until::kEnded, steady_clock::now() + seconds(5), {}));
  EXPECT_EQ(call->TakeBytes(), "");
  EXPECT_TRUE(call->error());
}

}  // namespace
}  // namespace stevedore::kube
