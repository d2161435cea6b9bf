#include "controller/kube/metered_transport.h"

#include <gtest/gtest.h>

#include "tests/controller/kube/fake_transport.h"

namespace stevedore::kube {
namespace {

using std::chrono::milliseconds;

class MeteredTransportTest : public testing::Test {
 protected:
  std::uint64_t Requests(const std::string& code, const std::string& method) {
    const RequestNumbers numbers = metered_.numbers();
    const auto found = numbers.requests.find({code, method});
    return found == numbers.requests.end() ? 0 : found->second;
  }
  static bool Take(std::string_view) { return true; }

  FakeTransport fake_;
  ManualClock clock_;
  MeteredTransport metered_{fake_, clock_, "10.0.0.1:443"};
};

TEST_F(MeteredTransportTest, CountsAnswersByCodeAndMethod) {
  fake_.answers.push_back(Response{200, "body", {}});
  fake_.answers.push_back(Response{409, "", {}});
  const auto got = metered_.Do({.path = "/a"});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->body, "body");
  EXPECT_TRUE(metered_.Do({.method = "PATCH", .path = "/a"}));
  EXPECT_FALSE(metered_.Do({.path = "/a"}));
  EXPECT_EQ(Requests("200", "GET"), 1u);
  EXPECT_EQ(Requests("409", "PATCH"), 1u);
  EXPECT_EQ(Requests("<error>", "GET"), 1u);
  EXPECT_EQ(metered_.numbers().host, "10.0.0.1:443");
  EXPECT_EQ(fake_.requests.size(), 3u);
}

TEST_F(MeteredTransportTest, TimesTheWholeAnswer) {
  fake_.otherwise_do = [this](const Request&) {
    clock_.Advance(milliseconds(300));
    return Response{200, "", {}};
  };
  EXPECT_TRUE(metered_.Do({.path = "/a"}));
  const Histogram histogram = metered_.numbers().durations.at("GET");
  EXPECT_DOUBLE_EQ(histogram.sum(), 0.3);
  EXPECT_EQ(histogram.counts()[4], 1u) << "up to 0.5 s";
}

TEST_F(MeteredTransportTest, CountsAWatchOnceWithoutItsDuration) {
  fake_.watches.push_back({.chunks = {"a", "b"}});
  EXPECT_TRUE(metered_.Stream({.path = "/w"}, Take));
  EXPECT_EQ(Requests("200", "GET"), 1u);
  fake_.watches.push_back({.end = StreamEnd{StreamEnd::Kind::kStatus, {410, "", {}}}});
  EXPECT_TRUE(metered_.Stream({.path = "/w"}, Take));
  EXPECT_EQ(Requests("410", "GET"), 1u);
  EXPECT_FALSE(metered_.Stream({.path = "/w"}, Take));
  EXPECT_EQ(Requests("<error>", "GET"), 1u);
  EXPECT_TRUE(metered_.numbers().durations.empty());
}

TEST_F(MeteredTransportTest, WhatWasStoppedIsNoError) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(metered_.Do({.path = "/a", .stop = stop.get_token()}));
  EXPECT_FALSE(metered_.Stream({.path = "/a", .stop = stop.get_token()}, Take));
  EXPECT_TRUE(metered_.numbers().requests.empty());
}

}  // namespace
}  // namespace stevedore::kube
