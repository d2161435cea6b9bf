#include "proxy/base/http_endpoint.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/proxy/base/http_client.h"

namespace stevedore {
namespace {

constexpr std::size_t kBig = 16 << 20;

class HttpEndpointTest : public testing::Test {
 protected:
  HttpEndpointTest() {
    std::map<std::string, HttpEndpoint::Handler> handlers;
    handlers["/page"] = [](const std::string& query) {
      return HttpReply{200, "text/plain", "page:" + query + "\n"};
    };
    handlers["/big"] = [](const std::string&) {
      return HttpReply{200, "text/plain", std::string(kBig, 'x')};
    };
    handlers["/busy"] = [](const std::string&) { return HttpReply{503, "text/plain", "no\n"}; };
    auto started = HttpEndpoint::Start("127.0.0.1:0", std::move(handlers));
    EXPECT_TRUE(started);
    if (started) endpoint_ = std::move(*started);
  }
  std::string Ask(const std::string& method, const std::string& target) {
    HttpClient client(endpoint_->port());
    client.Send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return client.ReadUntil("never");
  }
  std::unique_ptr<HttpEndpoint> endpoint_;
};

bool StartsWith(const std::string& text, const std::string& head) {
  return text.compare(0, head.size(), head) == 0;
}

TEST_F(HttpEndpointTest, AnswersByMethodAndPath) {
  struct Case {
    const char* method;
    const char* target;
    const char* status;
    const char* body;
  };
  const Case cases[] = {
      {"GET", "/page", "HTTP/1.1 200", "\r\n\r\npage:\n"},
      {"GET", "/page?a=b&c", "HTTP/1.1 200", "\r\n\r\npage:a=b&c\n"},
      {"GET", "/busy", "HTTP/1.1 503", "\r\n\r\nno\n"},
      {"GET", "/none", "HTTP/1.1 404", "not found\n"},
      {"GET", "/page/", "HTTP/1.1 404", "not found\n"},
      {"GET", "/", "HTTP/1.1 404", "not found\n"},
      {"POST", "/page", "HTTP/1.1 405", "only GET\n"},
      {"DELETE", "/none", "HTTP/1.1 405", "only GET\n"},
  };
  for (const Case& c : cases) {
    const std::string reply = Ask(c.method, c.target);
    EXPECT_TRUE(StartsWith(reply, c.status)) << c.method << " " << c.target << ": " << reply;
    EXPECT_NE(reply.find(c.body), std::string::npos) << reply;
    EXPECT_NE(reply.find("Cache-Control: no-store"), std::string::npos);
    EXPECT_NE(reply.find("X-Content-Type-Options: nosniff"), std::string::npos);
    EXPECT_NE(reply.find("Content-Security-Policy: default-src 'self';"), std::string::npos);
  }
}

TEST_F(HttpEndpointTest, HeadHasTheLengthAndNoBody) {
  const std::string reply = Ask("HEAD", "/page");
  EXPECT_TRUE(StartsWith(reply, "HTTP/1.1 200"));
  EXPECT_NE(reply.find("Content-Length: 6"), std::string::npos);
  EXPECT_EQ(reply.find("page:"), std::string::npos);
}

TEST_F(HttpEndpointTest, AConnectionServesManyRequests) {
  HttpClient client(endpoint_->port());
  for (int i = 0; i < 5; ++i) {
    const std::string n = std::to_string(i);
    ASSERT_TRUE(client.Send("GET /page?" + n + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_TRUE(StartsWith(client.ReadUntil("page:" + n + "\n"), "HTTP/1.1 200"));
  }
  ASSERT_TRUE(client.Send("GET /page HTTP/1.1\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(client.Closed());
}

TEST_F(HttpEndpointTest, PipelinedRequestsAreAnsweredInOrder) {
  HttpClient client(endpoint_->port());
  ASSERT_TRUE(client.Send("GET /page?1 HTTP/1.1\r\n\r\nGET /page?2 HTTP/1.1\r\n\r\n"));
  const std::string reply = client.ReadUntil("page:2");
  EXPECT_LT(reply.find("page:1"), reply.find("page:2"));
}

TEST_F(HttpEndpointTest, WhatExceedsALimitOrIsNoRequestIsClosedUnanswered) {
  using std::string_literals::operator""s;
  const std::pair<const char*, std::string> cases[] = {
      {"long header", "GET /page HTTP/1.1\r\nX-Long: " + std::string(9000, 'x') + "\r\n\r\n"},
      {"1 MiB of header", "GET /page HTTP/1.1\r\nX: " + std::string(1 << 20, 'x') + "\r\n\r\n"},
      {"long query", "GET /page?" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n"},
      {"body", "GET /page HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"},
      {"body of a POST", "POST /page HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"},
      {"body in chunks",
       "POST /page HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
      {"two lengths", "GET /page HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n"},
      {"another protocol", "\x16\x03\x01 hello\r\n\r\n"},
      {"bare GET", "GET\r\n\r\n"},
      {"no version", "GET /page\r\n\r\n"},
      {"unknown version", "GET /page HTTP/7.3\r\n\r\n"},
      {"NUL in the path", "GET /pa\0ge HTTP/1.1\r\n\r\n"s},
      {"NUL in a header", "GET /page HTTP/1.1\r\nX\0Y: z\r\n\r\n"s},
      {"no colon", "GET /page HTTP/1.1\r\nnonsense\r\n\r\n"},
  };
  for (const auto& [name, text] : cases) {
    HttpClient client(endpoint_->port());
    client.Send(text);
    EXPECT_EQ(client.ReadUntil("never"), "") << name;
  }
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200")) << "others are served";
}

TEST_F(HttpEndpointTest, OddRequestsAreAnswered) {
  const std::pair<std::string, const char*> cases[] = {
      {"GET http://elsewhere/page HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"},
      {"GET /../page HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"},
      {"GET /%70age HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"},
      {"OPTIONS * HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405"},
      {"CONNECT elsewhere:1 HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405"},
      {"FROB /page HTTP/1.1\r\nConnection: close\r\n\r\n", "HTTP/1.1 405"},
      {"GET /page HTTP/1.0\r\n\r\n", "HTTP/1.0 200"},
      {"GET /page?" + std::string(7000, 'a') + " HTTP/1.0\r\n\r\n", "HTTP/1.0 200"},
  };
  for (const auto& [text, status] : cases) {
    HttpClient client(endpoint_->port());
    client.Send(text);
    const std::string reply = client.ReadUntil("never");
    EXPECT_TRUE(StartsWith(reply, status)) << text << reply;
  }
}

TEST_F(HttpEndpointTest, ASlowClientBlocksNobody) {
  HttpClient slow(endpoint_->port());
  ASSERT_TRUE(slow.Send("GET /page HTT"));
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200"));
  ASSERT_TRUE(slow.Send("P/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(StartsWith(slow.ReadUntil("page:"), "HTTP/1.1 200"));
}

TEST_F(HttpEndpointTest, TheLongestIdleOf64ConnectionsLeavesForANewOne) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<HttpClient>(endpoint_->port()));
    clients.back()->Send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_FALSE(clients.back()->ReadUntil("page:").empty()) << i;
  }
  clients.front()->Send("GET /page?again HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_FALSE(clients.front()->ReadUntil("again").empty());
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200")) << "one more is served";
  EXPECT_TRUE(clients[1]->Closed());
  for (const std::size_t stays : {std::size_t{0}, std::size_t{2}, std::size_t{63}}) {
    clients[stays]->Send("GET /page?stays HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(clients[stays]->ReadUntil("stays").empty()) << stays;
  }
}

TEST_F(HttpEndpointTest, IdlersByTheHundredStopNoScrape) {
  std::vector<std::unique_ptr<HttpClient>> idlers;
  for (int i = 0; i < 300; ++i) {
    idlers.push_back(std::make_unique<HttpClient>(endpoint_->port()));
    idlers.back()->Send("G");
  }
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200"));
  EXPECT_TRUE(idlers.front()->Closed());
}

TEST_F(HttpEndpointTest, RepliesThatNobodyReadsLeaveForNewOnes) {
  const auto ask = [](HttpClient& client) {
    client.Send("GET /big HTTP/1.1\r\nConnection: close\r\n\r\n");
    return client.ReadUntil("\r\n\r\n").size();
  };
  HttpClient oldest(endpoint_->port());
  HttpClient older(endpoint_->port());
  HttpClient newest(endpoint_->port());
  std::size_t read = 0;
  ASSERT_GT(read = ask(oldest), 0U);
  ASSERT_GT(ask(older), 0U);
  ASSERT_GT(ask(newest), 0U) << "32 MiB are on their way";
  EXPECT_LT(read + oldest.CountToEnd(), kBig) << "cut";
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200"));
  EXPECT_GT(newest.CountToEnd(), kBig - 8192) << "whole but for what was read before";
}

TEST_F(HttpEndpointTest, WithoutDescriptorsItWaitsAndDoesNotSpin) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  HttpClient client(0);  // takes its descriptor now
  rlimit none = before;
  none.rlim_cur = 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::clock_t cpu = std::clock();
  const bool connected = client.Connect(endpoint_->port());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const double spent = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(connected) << "the kernel's queue takes it";
  EXPECT_LT(spent, 0.15);
  ASSERT_TRUE(client.Send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(StartsWith(client.ReadUntil("page:"), "HTTP/1.1 200"));
}

TEST_F(HttpEndpointTest, EndsWithConnectionsOpen) {
  HttpClient idle(endpoint_->port());
  HttpClient half(endpoint_->port());
  half.Send("GET /pa");
  ASSERT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200"));
  endpoint_.reset();
  EXPECT_TRUE(idle.Closed());
  EXPECT_TRUE(half.Closed());
}

TEST(HttpEndpoint, Addresses) {
  for (const char* good : {"127.0.0.1:0", ":0", "0.0.0.0:0"}) {
    auto endpoint = HttpEndpoint::Start(good, {});
    ASSERT_TRUE(endpoint) << good;
    EXPECT_TRUE(HttpClient((*endpoint)->port()).connected()) << good;
  }
  for (const char* bad : {"", "9181", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                          "127.0.0.1:999999", "nowhere.invalid:1", "[::1:1", "127.0.0.1:-1"}) {
    const auto endpoint = HttpEndpoint::Start(bad, {});
    ASSERT_FALSE(endpoint) << bad;
    EXPECT_EQ(endpoint.error().code, Errc::kInvalid) << bad;
  }
}

TEST(HttpEndpoint, APortInUseIsAnError) {
  const auto first = HttpEndpoint::Start("127.0.0.1:0", {});
  ASSERT_TRUE(first);
  const auto second = HttpEndpoint::Start("127.0.0.1:" + std::to_string((*first)->port()), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::kUnavailable);
}

}  // namespace
}  // namespace stevedore
