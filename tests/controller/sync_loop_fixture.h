// A SyncLoop with a store to feed, a file to look at, and a proxy and other replicas that the test
// makes up.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "controller/sync_loop.h"
#include "tests/controller/fake_proxy.h"
#include "tests/controller/kube/temp_dir.h"
#include "tests/controller/shared_clock.h"

namespace stevedore {

using publish::RouteUpdate;
using source::Kind;

// Other replicas as the test makes them up.
class MadeUpReplicas final : public publish::Replicas {
 public:
  void Start(std::function<void()>) override {}
  publish::ReplicaName self() const override { return {"own", "n1"}; }
  void Tell(const api::ReplicaReport& own) override {
    const std::lock_guard lock(mutex_);
    told_ = own;
  }
  std::shared_ptr<const publish::OtherReplicas> Others() override {
    const std::lock_guard lock(mutex_);
    return others_;
  }
  void Set(publish::OtherReplicas others) {
    const std::lock_guard lock(mutex_);
    others_ = std::make_shared<const publish::OtherReplicas>(std::move(others));
  }
  api::ReplicaReport told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  std::mutex mutex_;
  api::ReplicaReport told_;
  std::shared_ptr<const publish::OtherReplicas> others_ =
      std::make_shared<const publish::OtherReplicas>();
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
    due_ = false;
    return done_;
  }
  bool due() const override { return due_; }
  void set_due() { due_ = true; }
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
  std::atomic<bool> due_{false};
};

inline source::Object Route(const std::string& name, int port, const std::string& version = "1",
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
    loop_ = std::make_unique<SyncLoop>(SyncParts{store_, *writer_, sink_, replicas_,
                                                 [this] { return Ack(); }, clock_, options,
                                                 "ns/class", ports_});
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
  publish::Ack Ack() {
    const std::lock_guard lock(mutex_);
    return ack_;
  }
  void SetAck(const config::ProxyStatus& status) {
    const std::lock_guard lock(mutex_);
    ack_ = {std::make_shared<const config::ProxyStatus>(status), clock_.Now()};
  }
  // The proxy takes in the config that is in the file.
  void Acknowledge() {
    const auto config = ConfigIn(path_);
    ASSERT_TRUE(config);
    SetAck(AnswerTo(*config));
    store_.Wake();
  }
  // Route "a" on port 1001, programmed.
  void StartProgrammed() {
    Feed({Route("a", 1001)});
    Start();
    ASSERT_TRUE(WaitForPorts("1001"));
    Acknowledge();
    ASSERT_TRUE(WaitFor("a", "True/Programmed"));
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
  MadeUpReplicas replicas_;
  publish::PortPublisher* ports_ = nullptr;
  SharedClock clock_;
  std::mutex mutex_;
  publish::Ack ack_;
  std::unique_ptr<SyncLoop> loop_;
  std::thread thread_;
};

}  // namespace stevedore
