#include "controller/kube/rest_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "controller/kube/watch_parser.h"
#include "tests/controller/kube/fake_transport.h"
#include "tests/controller/kube/rest_fixture.h"
#include "tests/controller/kube/scripted_server.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore::kube {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using Kind = StreamEnd::Kind;

TEST(RestTransport, SaysWhatItIsToldAndReturnsWhatItHears) {
  ScriptedServer server([](ServerConnection& connection, const std::string&) {
    return connection.Write(Answer(429, "busy", "Retry-After: 7\r\n"));
  });
  ClusterAccess access = Plain(server);
  access.server.path = "/k8s/c1";
  access.token.text = "secret\n";
  Rest rest(access);
  const Result<Response> response = rest->Do({.method = "PATCH",
                                              .path = "/api/v1/x y",
                                              .query = {{"a", "b c,d=e/f+g%h&i"}, {"limit", "5"}},
                                              .content_type = "application/apply-patch+yaml",
                                              .body = "{\"x\":1}"});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->status, 429);
  EXPECT_EQ(response->body, "busy");
  EXPECT_EQ(response->retry_after, seconds(7));
  const std::string request = server.requests().at(0);
  EXPECT_THAT(request, HasSubstr("PATCH /k8s/c1/api/v1/x%20y?a="));
  EXPECT_THAT(request, HasSubstr("%2Bg%25h%26i&limit=5 HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization:Bearer secret\r\n"));
  EXPECT_THAT(request, HasSubstr("User-Agent:stevedore-controller/"));
  EXPECT_THAT(request, HasSubstr("(pod-1)\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type:application/apply-patch+yaml\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\n\r\n{\"x\":1}"));
  EXPECT_THAT(request, Not(HasSubstr("Accept-Encoding")));
}

TEST(RestTransport, KeepsConnectionsAndSurvivesTheirEnd) {
  ScriptedServer server([](ServerConnection& connection, const std::string& request) {
    connection.Write(Answer(200, "ok"));
    return request.find("/close") == std::string::npos;
  });
  Rest rest(Plain(server));
  for (int i = 0; i < 20; ++i) {
    const Result<Response> response = rest->Do(Get(i == 10 ? "/close" : "/"));
    ASSERT_TRUE(response) << i << response.error().detail;
    EXPECT_EQ(response->body, "ok");
  }
  // A connection goes back to the pool just after the answer: the next request may miss it.
  const int before = server.connections();
  EXPECT_GE(before, 2);
  EXPECT_LT(before, 20);
  rest.clock.Advance(std::chrono::hours(1));
  ASSERT_TRUE(rest->Do(Get("/")));
  EXPECT_EQ(server.connections(), before + 1);
}

TEST(RestTransport, WatchBytesArriveAtOnceHoweverTheyAreCut) {
  const std::string line = EventJson("ADDED", "a", "7");
  std::promise<void> first_seen;
  ScriptedServer server([&](ServerConnection& connection, const std::string&) {
    connection.Write(kChunkedHead);
    // The rest comes only after the client has had the first event.
    connection.Write(Chunk(line));
    if (first_seen.get_future().wait_for(seconds(5)) != std::future_status::ready) return false;
    for (const char byte : line) connection.Write(Chunk(std::string(1, byte)));
    const std::string three = line + line + line;
    connection.Write(Chunk(three.substr(0, 100)));
    connection.Write(Chunk(three.substr(100)));
    return connection.Write(Chunk(""));
  });
  Rest rest(Plain(server));
  WatchParser parser;
  std::vector<WatchEvent> events;
  bool opened = false;
  const auto me = std::this_thread::get_id();
  const Result<StreamEnd> end = rest->Stream(Get("/w"), [&](std::string_view chunk) {
    EXPECT_EQ(std::this_thread::get_id(), me);
    EXPECT_EQ(chunk.empty(), !opened);
    opened = true;
    const bool none_yet = events.empty();
    EXPECT_TRUE(parser.Feed(chunk, events));
    if (none_yet && !events.empty()) first_seen.set_value();
    return true;
  });
  ASSERT_TRUE(end) << end.error().detail;
  EXPECT_EQ(end->kind, Kind::kEof);
  EXPECT_EQ(events.size(), 5u);
}

TEST(RestTransport, ASlowSinkHoldsUpTheServerAndLosesNothing) {
  const std::string line(3u << 20, 'x');
  ScriptedServer server([&](ServerConnection& connection, const std::string&) {
    connection.Write(kChunkedHead);
    for (int i = 0; i < 4; ++i) connection.Write(Chunk(line + "\n"));
    return connection.Write(Chunk(""));
  });
  Rest rest(Plain(server));
  std::size_t received = 0;
  std::size_t largest = 0;
  const Result<StreamEnd> end = rest->Stream(Get("/w"), [&](std::string_view chunk) {
    received += chunk.size();
    largest = std::max(largest, chunk.size());
    std::this_thread::sleep_for(milliseconds(20));  // the slowness is the case
    return true;
  });
  ASSERT_TRUE(end);
  EXPECT_EQ(received, 4 * (line.size() + 1));
  EXPECT_LE(largest, line.size() + 1 + (1u << 20));
}

TEST(RestTransport, HowStreamsEnd) {
  ScriptedServer server([&](ServerConnection& connection, const std::string& request) {
    if (request.find("/refused") != std::string::npos) {
      return connection.Write(Answer(410, "gone", "Retry-After: 3\r\n"));
    }
    connection.Write(kChunkedHead + Chunk("first\n"));
    if (request.find("/silent") != std::string::npos) return !connection.WaitForClose();
    if (request.find("/reset") != std::string::npos) {
      connection.Write("ff\r\nhalf a fra");
      connection.Reset();
      return false;
    }
    if (request.find("/garbage") != std::string::npos) connection.Write("no chunk\r\n");
    return false;
  });
  RestOptions options = Rest::Options();
  options.watch_silence = milliseconds(300);
  Rest rest(Plain(server), options);
  const struct {
    const char* path;
    bool refuse;
    Kind end;
  } kCases[] = {
      {"/silent", false, Kind::kSilence}, {"/reset", false, Kind::kEof},
      {"/cut", false, Kind::kEof},        {"/garbage", false, Kind::kEof},
      {"/silent", true, Kind::kRefused},
  };
  for (const auto& test : kCases) {
    std::string received;
    const Result<StreamEnd> end = rest->Stream(Get(test.path), [&](std::string_view chunk) {
      received += chunk;
      return !test.refuse || chunk.empty();
    });
    ASSERT_TRUE(end) << test.path << end.error().detail;
    EXPECT_EQ(end->kind, test.end) << test.path;
    EXPECT_THAT(received, HasSubstr("first\n")) << test.path;
  }
  bool called = false;
  const Result<StreamEnd> end =
      rest->Stream(Get("/refused"), [&](std::string_view) { return called = true; });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->kind, Kind::kStatus);
  EXPECT_EQ(end->response.status, 410);
  EXPECT_EQ(end->response.body, "gone");
  EXPECT_EQ(end->response.retry_after, seconds(3));
  EXPECT_FALSE(called);
}

TEST(RestTransport, NoAnswerIsAnError) {
  std::uint16_t free_port = 0;
  {
    ScriptedServer gone(AnswerOk);
    free_port = gone.port();
  }
  ClusterAccess access;
  access.server = {false, "127.0.0.1", free_port, ""};
  Rest refused(access);
  Result<Response> response = refused->Do(Get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Errc::kUnavailable);
  EXPECT_THAT(response.error().detail, HasSubstr("GET /: Failed to connect"));
  EXPECT_FALSE(refused->Stream(Get("/"), [](std::string_view) { return true; }));

  for (const char* answer :
       {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"}) {
    ScriptedServer server([&](ServerConnection& connection, const std::string&) {
      connection.Write(answer);
      return false;
    });
    Rest rest(Plain(server));
    response = rest->Do(Get("/"));
    ASSERT_FALSE(response) << answer;
    EXPECT_EQ(response.error().code, Errc::kUnavailable);
  }
}

TEST(RestTransport, RedirectsAreNotFollowed) {
  ScriptedServer other(AnswerOk);
  ScriptedServer server([&](ServerConnection& connection, const std::string&) {
    return connection.Write(
        Answer(302, "", "Location: http://127.0.0.1:" + std::to_string(other.port()) + "/\r\n"));
  });
  ClusterAccess access = Plain(server);
  access.token.text = "secret";
  Rest rest(access);
  const Result<Response> response = rest->Do(Get("/"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
  const Result<StreamEnd> end = rest->Stream(Get("/"), [](std::string_view) { return true; });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->response.status, 302);
  EXPECT_EQ(other.connections(), 0);
}

TEST(RestTransport, ARefusedTokenIsReadAgainOnce) {
  TempDir dir;
  ScriptedServer server([&](ServerConnection& connection, const std::string& request) {
    if (request.find("Bearer good") == std::string::npos) {
      return connection.Write(Answer(401, "who?"));
    }
    if (request.find("/watch") == std::string::npos) return connection.Write(Answer(200, "ok"));
    return connection.Write(kChunkedHead + Chunk("event\n") + Chunk(""));
  });
  for (const bool watch : {false, true}) {
    ClusterAccess access = Plain(server);
    access.token.path = dir.Write("token", "old");
    Rest rest(access);
    EXPECT_EQ(rest->Do(Get("/"))->status, 401);  // read again, still the old one
    dir.Write("token", "good\n");
    if (!watch) {
      EXPECT_EQ(rest->Do(Get("/"))->status, 200);
      EXPECT_EQ(rest->Do(Get("/"))->status, 200);
    } else {
      EXPECT_EQ(rest->Stream(Get("/watch"), [](std::string_view) { return true; })->kind,
                Kind::kEof);
    }
  }
  EXPECT_EQ(server.requests().size(), 2u + 2u + 1u + 2u + 2u);
}

TEST(RestTransport, Ipv6) {
  ScriptedServer server(AnswerOk, nullptr, true);
  if (server.port() == 0) GTEST_SKIP() << "no IPv6 on loopback";
  Rest rest(Plain(server, "::1"));
  const Result<Response> response = rest->Do(Get("/"));
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->body, "ok");
}

}  // namespace
}  // namespace stevedore::kube
