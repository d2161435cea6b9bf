// Compressed answers: asked for in lists, and in nothing else.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "controller/kube/rest_call.h"
#include "controller/kube/rest_transport.h"
#include "tests/controller/kube/rest_fixture.h"
#include "tests/controller/kube/scripted_server.h"

namespace stevedore::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Gzip(const std::string& text) {
  namespace compression = web::http::compression;
  const auto compressor = compression::builtin::make_compressor("gzip");
  std::vector<std::uint8_t> out(text.size() + 1024);
  std::size_t used = 0;
  bool done = false;
  const std::size_t size = compressor->compress(reinterpret_cast<const std::uint8_t*>(text.data()),
                                                text.size(), out.data(), out.size(),
                                                compression::operation_hint::is_last, used, done);
  EXPECT_TRUE(done);
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)};
}

// Compresses well, and is longer than any buffer on the way.
std::string LongText() {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "{\"name\":\"pod-" + std::to_string(i) + "\"},";
  return text;
}

Request List() { return {.path = "/list", .timeout = std::chrono::seconds(20), .gzip = true}; }

TEST(RestTransportGzip, ListsAreUnpackedHoweverTheyAreCut) {
  const std::string text = LongText();
  const std::string packed = Gzip(text);
  ASSERT_LT(packed.size() * 5, text.size());
  const std::string kType = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
  for (const std::size_t piece : {std::size_t{0}, std::size_t{1000}, packed.size()}) {
    SCOPED_TRACE(piece);
    ScriptedServer server([&](ServerConnection& connection, const std::string&) {
      if (piece == 0) return connection.Write(Answer(200, packed, kType));
      connection.Write("HTTP/1.1 200 OK\r\n" + kType + "Transfer-Encoding: chunked\r\n\r\n");
      for (std::size_t at = 0; at < packed.size(); at += piece) {
        connection.Write(Chunk(packed.substr(at, piece)));
      }
      return connection.Write(Chunk(""));
    });
    Rest rest(Plain(server));
    for (int i = 0; i < 2; ++i) {
      const Result<Response> response = rest->Do(List());
      ASSERT_TRUE(response) << response.error().detail;
      EXPECT_TRUE(response->body == text) << response->body.size() << " of " << text.size();
    }
    EXPECT_THAT(server.requests().at(0), HasSubstr("Accept-Encoding: gzip\r\n"));
  }
}

TEST(RestTransportGzip, PlainAnswersAreTakenToo) {
  ScriptedServer server(AnswerOk);
  Rest rest(Plain(server));
  EXPECT_EQ(rest->Do(List())->body, "ok");
}

TEST(RestTransportGzip, BrokenAndEndlessBodiesAreErrors) {
  const std::string packed = Gzip(LongText());
  for (const std::string& body : {std::string("no gzip at all"), packed.substr(0, 5000), packed}) {
    ScriptedServer server([&](ServerConnection& connection, const std::string&) {
      return connection.Write(Answer(200, body, "Content-Encoding: gzip\r\n"));
    });
    RestOptions options = Rest::Options();
    options.max_body_bytes = 1'000'000;
    Rest rest(Plain(server), options);
    const Result<Response> response = rest->Do(List());
    // Cut short, it may still unpack to a beginning: no JSON then.
    if (response) {
      EXPECT_LT(response->body.size(), options.max_body_bytes);
    }
    EXPECT_TRUE(body != packed || !response);
  }
}

TEST(RestTransportGzip, NothingElseAsksForIt) {
  ScriptedServer server([](ServerConnection& connection, const std::string& request) {
    if (request.find("/watch") == std::string::npos) return connection.Write(Answer(200, "ok"));
    return connection.Write(kChunkedHead + Chunk("event\n") + Chunk(""));
  });
  Rest rest(Plain(server));
  ASSERT_TRUE(rest->Do(Get("/")));
  ASSERT_TRUE(rest->Do({.path = "/", .timeout = std::chrono::seconds(20)}));
  ASSERT_TRUE(rest->Stream(Get("/watch"), [](std::string_view) { return true; }));
  for (const std::string& request : server.requests()) {
    EXPECT_THAT(request, Not(HasSubstr("Encoding")));
    EXPECT_THAT(request, Not(HasSubstr("TE:")));
  }
}

}  // namespace
}  // namespace stevedore::kube
