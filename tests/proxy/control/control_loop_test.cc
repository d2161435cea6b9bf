#include "proxy/control/control_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <thread>

#include "proxy/base/file.h"
#include "proxy/control/pool_workers.h"
#include "tests/proxy/base/http_client.h"
#include "tests/proxy/base/temporary_directory.h"
#include "tests/proxy/control/captured_log.h"
#include "tests/proxy/report/sample.h"
#include "tests/proxy/worker/rig.h"

namespace stevedore::control {
namespace {

using config::IpAddress;
using config::SocketAddress;
using testing::HasSubstr;
using worker::Eventually;

SocketAddress Loopback(std::uint16_t port = 0) { return {IpAddress::V4(0x7f000001), port}; }

// A ControlLoop on a thread of its own, which blocks the signals there alone.
class Running {
 public:
  Running(const ControlOptions& options, const StartWorkers& start) {
    std::promise<std::string> started;
    auto error = started.get_future();
    thread_ = std::thread([&options, &start, &started] {
      auto control = ControlLoop::Start(options, start);
      started.set_value(control ? "" : control.error().detail);
      if (control) (*control)->Run();
    });
    error_ = error.get();
  }
  ~Running() {
    Signal(SIGTERM);
    thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Why it could not start; empty when it runs.
  const std::string& error() const { return error_; }
  void Signal(int number) {
    if (error_.empty()) ::pthread_kill(thread_.native_handle(), number);
  }

 private:
  std::thread thread_;
  std::string error_;
};

class ControlLoopTest : public testing::Test {
 protected:
  ControlLoopTest() {
    options_.config_path = directory_.File("config.json");
    options_.status_path = directory_.File("status.json");
    options_.workers = {2, 1024, 1024};
    options_.metrics_address = "127.0.0.1:0";
    options_.drain_timeout = std::chrono::seconds(0);
  }

  void Write(const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(options_.config_path, text));
  }
  void Start(const StartWorkers& start = StartPool) { running_.emplace(options_, start); }

  config::ProxyStatus Status() {
    const auto text = ReadFile(options_.status_path);
    if (!text) return {};
    auto status = config::DecodeStatus(*text);
    EXPECT_TRUE(status);
    return status ? *status : config::ProxyStatus{};
  }
  bool Bound(const std::string& listener) {
    for (const auto& status : Status().listeners)
      if (status.name == listener) return status.bound;
    return false;
  }
  // The answer to GET `path`, with its header.
  std::string Get(const std::string& path) {
    const std::string text = log_.Text();
    const std::string before = "Serving metrics address=127.0.0.1:";
    const std::size_t at = text.rfind(before);
    if (at == std::string::npos) return "";
    HttpClient http(static_cast<std::uint16_t>(std::stoi(text.substr(at + before.size()))));
    http.Send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return http.ReadUntil("\r\n\r\n\r\n");
  }
  // The metrics tell what happened after the status file does.
  bool Counts(const std::string& series) {
    return Eventually([&] {
      return Get("/metrics").find("\nstevedore_proxy_" + series + "\n") != std::string::npos;
    });
  }
  bool Ready() { return Get("/readyz").starts_with("HTTP/1.1 200"); }
  // Sends one datagram to the listener; whether `peer` gets it. From where: `source_`.
  bool Reaches(std::uint16_t port, const UniqueFd& peer) {
    net::SendTo(client_.get(), Loopback(port), "hello");
    const auto got = net::ReceiveFrom(peer.get());
    if (got) source_ = got->source;
    return got && got->text == "hello";
  }
  std::string To(const UniqueFd& peer) const {
    return ConfigText(ListenerText("a", port_, "u"), UpstreamText("u", net::LocalPort(peer.get())));
  }

  TemporaryDirectory directory_;
  CapturedLog log_;
  ControlOptions options_;
  const std::uint16_t port_ = worker::FreePort();
  const UniqueFd client_ = net::BoundSocket(Loopback());
  const UniqueFd peer_ = net::BoundSocket(Loopback());
  SocketAddress source_;
  std::optional<Running> running_;
};

TEST_F(ControlLoopTest, AMissingConfigIsAnError) {
  Start();
  EXPECT_THAT(running_->error(), HasSubstr("no valid config in " + options_.config_path));
}

TEST_F(ControlLoopTest, AWrongConfigIsAnErrorThatNamesTheField) {
  Write(ConfigText(ListenerText("a", port_, "nobody")));
  Start();
  EXPECT_THAT(running_->error(), HasSubstr(options_.config_path + ": line 1: listeners[0]"));
  EXPECT_FALSE(Status().last_attempt.applied);
}

TEST_F(ControlLoopTest, WhatTheStartNeedsIsNamed) {
  Write(ConfigText(""));
  Start([](const auto&, const auto&) -> Result<std::unique_ptr<Workers>> {
    return Error{Errc::kUnavailable, "no memory"};
  });
  EXPECT_EQ(running_->error(), "no memory");
  options_.metrics_address = "nonsense";
  Start();
  EXPECT_THAT(running_->error(), HasSubstr("nonsense"));
}

TEST_F(ControlLoopTest, WaitsForTheFirstConfig) {
  options_.wait_for_config = true;
  config::ProxyStatus earlier;
  earlier.digest = "of an earlier run";
  earlier.listeners = {{"a", true, ""}};
  ASSERT_TRUE(WriteFileAtomically(options_.status_path, config::EncodeStatus(earlier)));
  Start();
  ASSERT_EQ(running_->error(), "");
  EXPECT_EQ(Status().digest, "");
  EXPECT_TRUE(Status().listeners.empty());
  EXPECT_THAT(Get("/readyz"), HasSubstr("503"));
  EXPECT_THAT(Get("/healthz"), HasSubstr("200"));
  EXPECT_TRUE(Counts("sessions_limit 1024"));

  Write("{");
  EXPECT_TRUE(Eventually([this] { return !Status().last_attempt.errors.empty(); }));
  EXPECT_THAT(Get("/readyz"), HasSubstr("no config was applied yet"));

  Write(To(peer_));
  EXPECT_TRUE(Eventually([this] { return Ready(); }));
  EXPECT_TRUE(Reaches(port_, peer_));
}

TEST_F(ControlLoopTest, AReloadSendsToTheNewPeer) {
  const UniqueFd other = net::BoundSocket(Loopback());
  Write(To(peer_));
  Start();
  ASSERT_EQ(running_->error(), "");
  EXPECT_TRUE(Reaches(port_, peer_));
  const config::ProxyStatus before = Status();
  EXPECT_NE(before.digest, "");
  EXPECT_EQ(before.last_attempt, (config::AttemptStatus{before.digest, true, {}}));
  EXPECT_EQ(before.listeners, (std::vector<config::ListenerStatus>{{"a", true, ""}}));
  ASSERT_EQ(before.upstreams.size(), 1u);
  EXPECT_EQ(before.upstreams[0].usable, 1);

  Write(To(other));
  ASSERT_TRUE(Eventually([&] { return Status().digest != before.digest; }));
  // The workers take it a moment later.
  EXPECT_TRUE(Eventually([&] {
    net::SendTo(client_.get(), Loopback(port_), "hello");
    return net::Readable(other.get(), 10);
  }));
  EXPECT_TRUE(Counts("config_reloads_total{result=\"success\"} 2"));
}

TEST_F(ControlLoopTest, ABadFileKeepsTheLastGoodOne) {
  Write(To(peer_));
  Start();
  ASSERT_EQ(running_->error(), "");
  const config::ProxyStatus good = Status();
  Write(ConfigText(ListenerText("a", port_, "nobody")));
  ASSERT_TRUE(Eventually([this] { return !Status().last_attempt.applied; }));
  const config::ProxyStatus bad = Status();
  EXPECT_EQ(bad.digest, good.digest);
  EXPECT_EQ(bad.listeners, good.listeners);
  ASSERT_EQ(bad.last_attempt.errors.size(), 1u);
  EXPECT_EQ(bad.last_attempt.errors[0].path, "listeners[0].defaultUpstream");
  EXPECT_EQ(bad.last_attempt.errors[0].line, 1);
  EXPECT_TRUE(log_.Has("error: Rejected config file=" + options_.config_path));
  EXPECT_TRUE(Reaches(port_, peer_));
  EXPECT_TRUE(Counts("config_reloads_total{result=\"failure\"} 1"));
  EXPECT_TRUE(Counts("config_last_reload_successful 0"));

  std::filesystem::remove(options_.config_path);
  Write(To(peer_));
  EXPECT_TRUE(Eventually([this] { return Status().last_attempt.applied; }));
  EXPECT_TRUE(Reaches(port_, peer_));
}

// Else its age, and what compares it with the file's, would speak of a config that is not in force.
TEST_F(ControlLoopTest, AFileThatIsReplacedByTheSameIsInForce) {
  Write(To(peer_));
  Start();
  ASSERT_EQ(running_->error(), "");
  const auto loaded_at = [this] {
    const std::string page = Get("/metrics");
    const std::string name = "\nstevedore_proxy_config_last_reload_success_timestamp_seconds ";
    const std::size_t at = page.find(name);
    return at == std::string::npos ? 0 : std::stod(page.substr(at + name.size()));
  };
  const double first = loaded_at();
  ASSERT_GT(first, 0);
  EXPECT_TRUE(Eventually([&] {
    Write(To(peer_));
    return loaded_at() > first;
  }));
  EXPECT_TRUE(Counts("config_reloads_total{result=\"success\"} 1"));
}

TEST_F(ControlLoopTest, AListenerBindsWhenItsPortIsFreed) {
  UniqueFd holder = net::BoundSocket(Loopback(port_));
  Write(To(peer_));
  Start();
  ASSERT_EQ(running_->error(), "") << "a taken port is no wrong config";
  const config::ProxyStatus taken = Status();
  EXPECT_TRUE(taken.last_attempt.applied);
  ASSERT_EQ(taken.listeners.size(), 1u);
  EXPECT_FALSE(taken.listeners[0].bound);
  EXPECT_FALSE(taken.listeners[0].error.empty());
  EXPECT_FALSE(Ready());
  holder.reset();
  EXPECT_TRUE(Eventually([this] { return Bound("a"); }));
  EXPECT_EQ(Status().listeners[0].error, "");
  EXPECT_TRUE(Eventually([this] { return Ready(); }));
  EXPECT_TRUE(Reaches(port_, peer_));
}

TEST_F(ControlLoopTest, APoolSocketMakesRoomForAListener) {
  Write(To(peer_));
  Start();
  ASSERT_EQ(running_->error(), "");
  ASSERT_TRUE(Reaches(port_, peer_));
  const std::uint16_t held = source_.port;
  ASSERT_FALSE(net::BoundSocket(Loopback(held))) << "the pool holds it";
  Write(ConfigText(ListenerText("a", port_, "u") + "," + ListenerText("b", held, "u"),
                   UpstreamText("u", net::LocalPort(peer_.get()))));
  EXPECT_TRUE(Eventually([this] { return Bound("b"); }));
  EXPECT_TRUE(Reaches(held, peer_));
  EXPECT_NE(source_.port, held);
  EXPECT_TRUE(Reaches(port_, peer_));
  EXPECT_NE(source_.port, held);
}

TEST_F(ControlLoopTest, TellsWhatProbesFound) {
  const std::string upstream =
      R"({ "name": "u", "peers": [ { "address": "127.0.0.1", "port": )" +
      std::to_string(worker::FreePort()) +
      R"( } ], "healthCheck": { "periodSeconds": 1, "failureThreshold": 1 } })";
  Write(ConfigText(ListenerText("a", port_, "u"), upstream));
  Start();
  ASSERT_EQ(running_->error(), "");
  EXPECT_TRUE(Eventually([this] { return Status().upstreams.at(0).healthy == 0; }));
  EXPECT_EQ(Status().upstreams[0].usable, 1) << "FailOpen";
  EXPECT_TRUE(log_.Has("warning: Peer changed health upstream=u"));
}

TEST_F(ControlLoopTest, DrainsUntilASecondSignal) {
  options_.drain_timeout = std::chrono::seconds(600);
  Write(To(peer_));
  Start();
  ASSERT_EQ(running_->error(), "");
  EXPECT_TRUE(Ready());
  running_->Signal(SIGTERM);
  EXPECT_TRUE(Eventually([this] { return !Ready(); }));
  EXPECT_THAT(Get("/readyz"), HasSubstr("draining"));
  EXPECT_TRUE(Reaches(port_, peer_));
  running_->Signal(SIGTERM);
  EXPECT_TRUE(Eventually([this] { return log_.Has("info: Stopping\n"); }));
}

}  // namespace
}  // namespace stevedore::control
