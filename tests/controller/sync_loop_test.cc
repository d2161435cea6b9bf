#include "controller/sync_loop.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/temp_dir.h"

namespace stevedore {
namespace {

using publish::RouteUpdate;
using source::Kind;

// A clock that the test moves while the loop reads it.
class SharedClock final : public Clock {
 public:
  Nanos Now() const noexcept override { return Nanos(now_.load()); }
  void Advance(Nanos by) { now_ += by.count(); }

 private:
  std::atomic<Nanos::rep> now_{Nanos(std::chrono::hours(1)).count()};
};

class KeepingSink final : public publish::StatusSink {
 public:
  bool Publish(const std::vector<RouteUpdate>& updates) override {
    const std::lock_guard lock(mutex_);
    ++calls_;
    latest_.clear();
    for (const RouteUpdate& update : updates) {
      latest_[update.key.name] = update;
      for (const api::Condition& condition : update.status.conditions)
        seen_.insert(update.key.name + " " + condition.type + "=" + condition.status);
    }
    return done_;
  }
  // "True/Programmed", "" when nothing was published.
  std::string Of(const std::string& name, const std::string& type = "Programmed") {
    const std::lock_guard lock(mutex_);
    const auto found = latest_.find(name);
    if (found == latest_.end()) return "";
    for (const api::Condition& condition : found->second.status.conditions)
      if (condition.type == type) return condition.status + "/" + condition.reason;
    return "none";
  }
  // Whether the route ever had "Programmed=Unknown" and the like.
  bool Saw(const std::string& text) {
    const std::lock_guard lock(mutex_);
    return seen_.contains(text);
  }
  RouteUpdate Latest(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return latest_[name];
  }
  int calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  void set_done(bool done) {
    const std::lock_guard lock(mutex_);
    done_ = done;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    seen_.clear();
  }

 private:
  std::mutex mutex_;
  std::map<std::string, RouteUpdate> latest_;
  std::set<std::string> seen_;
  int calls_ = 0;
  bool done_ = true;
};

source::Object Route(const std::string& name, int port, const std::string& version = "1",
                     const std::string& peer = "10.0.0.1") {
  return {{"game", name},
          R"({"apiVersion":"stevedore.io/v1alpha1","kind":"StevedoreRoute","metadata":{"name":")" +
              name + R"(","namespace":"game","uid":"u-)" + name +
              R"(","generation":1,"resourceVersion":")" + version +
              R"("},"spec":{"listener":{"port":)" + std::to_string(port) +
              R"(},"defaultUpstream":"a","upstreams":[{"name":"a","peers":[{"address":")" + peer +
              R"(","port":7}]}]}})",
          ""};
}

class SyncLoopTest : public testing::Test {
 protected:
  ~SyncLoopTest() override { Stop(); }

  void Start() {
    compile::CompileOptions options;
    options.static_peers = *compile::ParseStaticPeers("any");
    writer_ = std::make_unique<publish::ConfigWriter>(path_);
    loop_ = std::make_unique<SyncLoop>(
        SyncParts{store_, *writer_, sink_, [this] { return Ack(); }, clock_, options, "ns/class"});
    thread_ = std::thread([this] { loop_->Run(); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    loop_->Stop();
    thread_.join();
  }
  void Feed(std::vector<source::Object> routes) {
    store_.Replace(Kind::kService, "", {});
    store_.Replace(Kind::kEndpointSlice, "", {});
    store_.Replace(Kind::kRoute, "", std::move(routes));
  }
  std::optional<config::ProxyStatus> Ack() {
    const std::lock_guard lock(mutex_);
    return ack_;
  }
  // The proxy takes in the config that is in the file.
  void Acknowledge() {
    const auto config = ConfigIn(path_);
    ASSERT_TRUE(config);
    {
      const std::lock_guard lock(mutex_);
      ack_ = AnswerTo(*config);
    }
    store_.Wake();
  }
  // The ports of the file's listeners, "-" without a file.
  std::string Ports() const {
    const auto config = ConfigIn(path_);
    if (!config) return "-";
    std::string ports;
    for (const config::Listener& listener : config->listeners)
      ports += (ports.empty() ? "" : " ") + std::to_string(listener.port);
    return ports;
  }
  bool WaitForPorts(const std::string& ports) {
    return WaitUntil([&] { return Ports() == ports; });
  }
  bool WaitFor(const std::string& route, const std::string& programmed) {
    return WaitUntil([&] { return sink_.Of(route) == programmed; });
  }
  bool WaitForSyncs(std::uint64_t count) {
    return WaitUntil([&] { return loop_->numbers().syncs >= count; });
  }

  kube::TempDir root_;
  const std::string directory_ = root_.path() + "/shared";
  const std::string path_ = directory_ + "/config.json";
  const bool made_ = std::filesystem::create_directory(directory_);
  store::Store store_;
  std::unique_ptr<publish::ConfigWriter> writer_;
  KeepingSink sink_;
  SharedClock clock_;
  std::mutex mutex_;
  std::optional<config::ProxyStatus> ack_;
  std::unique_ptr<SyncLoop> loop_;
  std::thread thread_;
};

TEST_F(SyncLoopTest, WritesNothingBeforeThePictureIsComplete) {
  Start();
  store_.Replace(Kind::kRoute, "", {Route("a", 1001)});
  store_.Replace(Kind::kService, "", {});
  for (int i = 0; i < 20; ++i) {  // give it every chance to be wrong
    store_.Wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_EQ(Ports(), "-");
  }
  EXPECT_FALSE(loop_->ready());
  store_.Replace(Kind::kEndpointSlice, "", {});
  EXPECT_TRUE(WaitForPorts("1001"));
  EXPECT_TRUE(WaitUntil([&] { return loop_->ready(); }));
}

TEST_F(SyncLoopTest, WritesOncePerChangeAndNothingWithoutOne) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  store_.Apply(Kind::kRoute, Route("b", 1002));
  ASSERT_TRUE(WaitForPorts("1001 1002"));
  store_.Delete(Kind::kRoute, {"game", "a"});
  ASSERT_TRUE(WaitForPorts("1002"));
  ASSERT_TRUE(WaitForSyncs(3));
  // The same object again is no news; its new version is news, but none for the proxy.
  store_.Apply(Kind::kRoute, Route("b", 1002));
  store_.Apply(Kind::kRoute, Route("b", 1002, "2"));
  ASSERT_TRUE(WaitForSyncs(4));
  const SyncNumbers numbers = loop_->numbers();
  EXPECT_EQ(numbers.syncs, 4u);
  EXPECT_EQ(numbers.config_writes, 3u);
  EXPECT_EQ(numbers.sync_errors, 0u);
  EXPECT_EQ(numbers.config_bytes, std::filesystem::file_size(path_));
  EXPECT_GT(numbers.config_written_at, 0);
}

TEST_F(SyncLoopTest, CountsTheConfigOfAFormerProcess) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Stop();
  Start();
  ASSERT_TRUE(WaitForSyncs(1));
  EXPECT_EQ(loop_->numbers().config_writes, 0u);
}

TEST_F(SyncLoopTest, PublishesStatusesWhenTheProxyAnswers) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitFor("a", "Unknown/Pending"));
  const RouteUpdate update = sink_.Latest("a");
  EXPECT_EQ(update.uid, "u-a");
  EXPECT_EQ(update.resource_version, "1");
  EXPECT_EQ(update.status.controller_name, "ns/class");
  EXPECT_EQ(sink_.Of("a", "Accepted"), "True/Accepted");
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
  using Pair = std::pair<std::string, std::string>;
  EXPECT_TRUE(WaitUntil([&] { return loop_->numbers().routes[Pair("Programmed", "True")] == 1; }));
  EXPECT_FALSE(loop_->numbers().routes.contains(Pair("Programmed", "Unknown")));
}

TEST_F(SyncLoopTest, SaysSoWhenTheProxyIsOverdue) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitFor("a", "Unknown/Pending"));
  clock_.Advance(std::chrono::seconds(11));
  EXPECT_TRUE(WaitFor("a", "False/ProxyUnreachable"));
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

TEST_F(SyncLoopTest, LeavesARouteProgrammedWhileAnotherOneComes) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Acknowledge();
  ASSERT_TRUE(WaitFor("a", "True/Programmed"));
  sink_.Forget();
  store_.Apply(Kind::kRoute, Route("b", 1002));
  ASSERT_TRUE(WaitFor("b", "Unknown/Pending"));
  ASSERT_TRUE(WaitForPorts("1001 1002"));
  Acknowledge();
  ASSERT_TRUE(WaitFor("b", "True/Programmed"));
  EXPECT_FALSE(sink_.Saw("a Programmed=Unknown"));
  // A new spec of the route itself is another matter.
  store_.Apply(Kind::kRoute, Route("a", 1001, "2", "10.0.0.2"));
  EXPECT_TRUE(WaitFor("a", "Unknown/Pending"));
}

TEST_F(SyncLoopTest, DoesNotTakeTheFormerConfigForOneThatCouldNotBeWritten) {
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Acknowledge();
  ASSERT_TRUE(WaitFor("a", "True/Programmed"));
  std::filesystem::rename(directory_, root_.path() + "/away");
  store_.Apply(Kind::kRoute, Route("a", 1001, "2", "10.0.0.2"));
  EXPECT_TRUE(WaitFor("a", "Unknown/Pending"));
  EXPECT_TRUE(WaitUntil([&] { return loop_->numbers().config_write_errors >= 2; }));
  std::filesystem::rename(root_.path() + "/away", directory_);
  EXPECT_TRUE(WaitUntil([&] {
    const auto config = ConfigIn(path_);
    return config && config->upstreams[0].peers[0].address == "10.0.0.2";
  }));
  EXPECT_EQ(sink_.Of("a"), "Unknown/Pending");
  Acknowledge();
  EXPECT_TRUE(WaitFor("a", "True/Programmed"));
}

TEST_F(SyncLoopTest, CallsTheSinkAgainUntilItIsDone) {
  sink_.set_done(false);
  Feed({Route("a", 1001)});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Acknowledge();
  ASSERT_TRUE(WaitFor("a", "True/Programmed"));
  const int calls = sink_.calls();
  EXPECT_TRUE(WaitUntil([&] { return sink_.calls() > calls + 2; }));
}

TEST_F(SyncLoopTest, ABadRouteStopsNoOther) {
  source::Object bad = Route("bad", 70000);
  source::Object broken = Route("broken", 1003);
  broken.json = "{";
  Feed({Route("good", 1001), bad, broken});
  Start();
  ASSERT_TRUE(WaitForPorts("1001"));
  Acknowledge();
  EXPECT_TRUE(WaitFor("good", "True/Programmed"));
  EXPECT_EQ(sink_.Of("bad"), "False/Invalid");
  EXPECT_EQ(sink_.Of("bad", "Accepted"), "False/Invalid");
  EXPECT_EQ(sink_.Of("broken", "Accepted"), "False/Invalid");
}

}  // namespace
}  // namespace stevedore
