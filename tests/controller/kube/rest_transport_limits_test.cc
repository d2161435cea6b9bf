// What a RestTransport bounds: time, bytes, requests, descriptors.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <iterator>
#include <string>
#include <thread>

#include "controller/kube/rest_transport.h"
#include "tests/controller/kube/rest_fixture.h"
#include "tests/controller/kube/scripted_server.h"

namespace stevedore::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Kind = StreamEnd::Kind;

TEST(RestTransportLimits, ADeadlineHoldsAgainstATrickle) {
  for (const bool in_head : {true, false}) {
    ScriptedServer server([&](ServerConnection& connection, const std::string&) {
      connection.Write(in_head ? "HTTP/1.1 200 OK\r\n"
                               : "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
      // Never quiet for long, never done.
      for (int i = 0; i < 200 && connection.Write(in_head ? "X: y\r\n" : "z"); ++i) {
        std::this_thread::sleep_for(milliseconds(20));
      }
      return false;
    });
    RestOptions options = Rest::Options();
    options.unary_timeout = milliseconds(300);
    Rest rest(Plain(server), options);
    const auto start = steady_clock::now();
    const Result<Response> response = rest->Do(Get("/"));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kUnavailable);
    // Our deadline, or the library's: a head that never ends is silence to it.
    EXPECT_THAT(response.error().detail, AnyOf(HasSubstr("within 300 ms"), HasSubstr("timed out")));
    EXPECT_LT(steady_clock::now() - start, seconds(2));
  }
}

TEST(RestTransportLimits, ALongTimeoutIsGranted) {
  ScriptedServer server([](ServerConnection& connection, const std::string&) {
    std::this_thread::sleep_for(milliseconds(400));  // longer than the unary limit
    return connection.Write(Answer(200, "late"));
  });
  RestOptions options = Rest::Options();
  options.unary_timeout = milliseconds(100);
  Rest rest(Plain(server), options);
  const Result<Response> response = rest->Do({.path = "/", .timeout = milliseconds(5000)});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->body, "late");
}

TEST(RestTransportLimits, StopsAtOnce) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    for (const bool answered : {true, false}) {
      std::promise<void> asked;
      ScriptedServer server([&](ServerConnection& connection, const std::string&) {
        if (answered) connection.Write(kChunkedHead + Chunk("x"));
        asked.set_value();
        connection.WaitForClose();
        return false;
      });
      RestOptions options = Rest::Options();
      options.watch_silence = milliseconds(1000);
      Rest rest(Plain(server, host), options);
      std::stop_source stop;
      auto stopped_at = steady_clock::now();
      std::thread stopper([&] {
        asked.get_future().wait();
        stopped_at = steady_clock::now();
        stop.request_stop();
      });
      const Result<StreamEnd> end = rest->Stream({.path = "/", .stop = stop.get_token()},
                                                 [](std::string_view) { return true; });
      const auto ended_at = steady_clock::now();
      stopper.join();
      ASSERT_TRUE(end);
      EXPECT_EQ(end->kind, Kind::kCancelled);
      EXPECT_LT(ended_at - stopped_at, milliseconds(500));
    }
  }
}

TEST(RestTransportLimits, AStalledListEndsBeforeItsDeadline) {
  ScriptedServer server([](ServerConnection& connection, const std::string&) {
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"items\":[");
    connection.WaitForClose();
    return false;
  });
  RestOptions options = Rest::Options();
  options.list_silence = milliseconds(1000);
  Rest rest(Plain(server), options);
  const auto start = steady_clock::now();
  EXPECT_FALSE(rest->Do({.path = "/", .timeout = seconds(60), .gzip = true}));
  EXPECT_LT(steady_clock::now() - start, seconds(10));
}

TEST(RestTransportLimits, ASilentWatchAsksItsSinkNowAndThen) {
  ScriptedServer server([](ServerConnection& connection, const std::string&) {
    connection.Write(kChunkedHead + Chunk("x"));
    connection.WaitForClose();
    return false;
  });
  RestOptions options = Rest::Options();
  options.watch_tick = milliseconds(50);
  Rest rest(Plain(server), options);
  int empty = 0;
  const Result<StreamEnd> end = rest->Stream(Get("/"), [&](std::string_view chunk) {
    if (chunk.empty()) ++empty;
    return empty < 4;
  });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, Kind::kRefused);
  EXPECT_EQ(empty, 4);
}

TEST(RestTransportLimits, AnswersAreBounded) {
  ScriptedServer server([](ServerConnection& connection, const std::string&) {
    return connection.Write(Answer(200, std::string(100'000, 'x')));
  });
  RestOptions options = Rest::Options();
  options.max_body_bytes = 50'000;
  Rest rest(Plain(server), options);
  const Result<Response> response = rest->Do(Get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::kInvalid);
  EXPECT_THAT(response.error().detail, HasSubstr("longer than 50000 bytes"));
}

TEST(RestTransportLimits, LimitsItselfExceptForLeases) {
  ScriptedServer server(AnswerOk);
  RestOptions options = Rest::Options();
  options.requests_per_second = 10;
  options.burst = 1;
  Rest rest(Plain(server), options);  // its clock stands still: waits add up
  const auto start = steady_clock::now();
  ASSERT_TRUE(rest->Do(Get("/")));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(rest->Do({.path = "/", .unlimited = true}));
  ASSERT_TRUE(rest->Do(Get("/")));
  ASSERT_TRUE(rest->Do(Get("/")));
  EXPECT_GE(steady_clock::now() - start, milliseconds(300));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(rest->Do({.path = "/", .stop = stop.get_token()}));
}

// Left to itself the library starts 40. In a process of its own: the first user of the library
// decides.
TEST(RestTransportLimitsDeathTest, TheLibraryHasFewThreads) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto threads = [] {
    ScriptedServer server(AnswerOk);
    Rest rest(Plain(server));
    (void)rest->Do(Get("/"));
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  EXPECT_EXIT(std::_Exit(threads() < 20 ? 0 : 1), ::testing::ExitedWithCode(0), "");
}

// A server that fails in turn in every way; STEVEDORE_LONG=1 asks it 20 000 times.
TEST(RestTransportLimits, ReconnectsLeaveNoDescriptorBehind) {
  std::atomic<int> asked = 0;
  ScriptedServer server([&asked](ServerConnection& connection, const std::string& request) {
    const int turn = ++asked % 4;
    if (turn == 0) connection.Reset();
    if (turn < 2) return false;
    if (request.find("/w") == std::string::npos)
      connection.Write(Answer(200, "ok"));
    else
      connection.Write(kChunkedHead + Chunk("x"));
    return false;
  });
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  RestOptions options = Rest::Options();
  options.requests_per_second = 1e6;
  const int rounds = std::getenv("STEVEDORE_LONG") != nullptr ? 10'000 : 200;
  std::ptrdiff_t before = 0;
  {
    Rest rest(Plain(server), options);
    for (int i = 0; i < rounds; ++i) {
      if (i == 10) before = descriptors();
      (void)rest->Do(Get("/"));
      (void)rest->Stream(Get("/w"), [](std::string_view) { return true; });
    }
  }
  EXPECT_GE(asked, 2 * rounds);
  EXPECT_LE(descriptors(), before + 5);
}

}  // namespace
}  // namespace stevedore::kube
