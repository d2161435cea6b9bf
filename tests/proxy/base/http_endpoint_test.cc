#include "proxy/base/http_endpoint.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>
#include <thread>

#include "tests/proxy/base/http_client.h"

namespace stevedore {
namespace {

class HttpEndpointTest : public testing::Test {
 protected:
  HttpEndpointTest() {
    std::map<std::string, HttpEndpoint::Handler> handlers;
    handlers["/page"] = [](const std::string& query) {
      return HttpReply{200, "text/plain", "page:" + query + "\n"};
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

TEST_F(HttpEndpointTest, WhatExceedsALimitIsClosed) {
  HttpClient header(endpoint_->port());
  header.Send("GET /page HTTP/1.1\r\nX-Long: " + std::string(9000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(header.Closed());
  HttpClient body(endpoint_->port());
  body.Send("GET /page HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(body.Closed());
  HttpClient nonsense(endpoint_->port());
  nonsense.Send("\x16\x03\x01 hello\r\n\r\n");
  EXPECT_TRUE(nonsense.Closed());
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200")) << "others are served";
}

TEST_F(HttpEndpointTest, ASlowClientBlocksNobody) {
  HttpClient slow(endpoint_->port());
  ASSERT_TRUE(slow.Send("GET /page HTT"));
  EXPECT_TRUE(StartsWith(Ask("GET", "/page"), "HTTP/1.1 200"));
  ASSERT_TRUE(slow.Send("P/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_TRUE(StartsWith(slow.ReadUntil("page:"), "HTTP/1.1 200"));
}

TEST_F(HttpEndpointTest, AtMost64Connections) {
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<HttpClient>(endpoint_->port()));
    clients.back()->Send("GET /page HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_FALSE(clients.back()->ReadUntil("page:").empty()) << i;
  }
  HttpClient one_more(endpoint_->port());
  EXPECT_TRUE(one_more.Closed());
  clients.clear();
  for (int i = 0; i < 1000; ++i)
    if (StartsWith(Ask("GET", "/page"), "HTTP/1.1 200")) return;
  FAIL() << "closed connections do not free their places";
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
