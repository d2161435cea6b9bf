// A worker pool with the control thread's part played by the test: a config becomes a snapshot,
// listeners are bound, counters are read. Clients and peers are plain sockets of the test.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proxy/runtime/snapshot_builder.h"
#include "proxy/worker/worker_pool.h"
#include "tests/proxy/net/sockets.h"

namespace stevedore::worker {

using net::At;
using net::BoundSocket;
using net::LocalAddress;
using net::ReceiveFrom;
using net::SendTo;

// Waits until `condition` holds, 10 s at the most.
template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return condition();
}

// A port below the range that the kernel gives away, free at this moment in both families.
inline std::uint16_t FreePort() {
  static int next = 15'000 + ::getpid() * 41 % 12'000;
  for (int i = 0; i < 1000; ++i) {
    const auto port = static_cast<std::uint16_t>(next++);
    // A socket of "::" takes both.
    const config::IpAddress any = net::HasIpv6() ? config::IpAddress{} : config::IpAddress::V4(0);
    if (BoundSocket({any, port})) return port;
  }
  return 0;
}

inline config::Peer PeerAt(const UniqueFd& socket, std::int64_t weight = 1) {
  const auto address = LocalAddress(socket.get());
  return {address.ip.ToString(), address.port, weight, false};
}

inline config::Upstream MakeUpstream(const std::string& name, std::vector<config::Peer> peers) {
  config::Upstream upstream;
  upstream.name = name;
  upstream.peers = std::move(peers);
  return upstream;
}

inline config::Listener MakeListener(const std::string& name, const std::string& address,
                                     const std::string& to) {
  config::Listener listener;
  listener.name = name;
  listener.address = address;
  listener.port = FreePort();
  listener.default_upstream = to;
  return listener;
}

class Rig {
 public:
  explicit Rig(unsigned workers = 1, std::uint64_t max_sessions = 4096) : registry_(workers) {
    auto pool = WorkerPool::Start({workers, max_sessions, 1024}, holder_);
    EXPECT_TRUE(pool);
    if (pool) pool_ = std::move(*pool);
  }

  // Puts `config` in force. Listeners whose port is taken stay unbound.
  void Load(config::ProxyConfig config) {
    auto validated = config::Validate(std::move(config));
    if (const auto* errors = std::get_if<config::FieldErrors>(&validated)) {
      FAIL() << errors->front().path << ": " << errors->front().message;
    }
    valid_.emplace(std::get<config::ValidConfig>(validated));
    builder_.Register(Input());
    Bind();
    Publish();
  }
  // Opens what is not bound yet.
  void Bind() {
    for (const auto& [address, entry] : registry_.listeners.entries()) {
      if (entry.value.sockets) continue;
      auto group = net::OpenListenerGroup(address, registry_.workers);
      if (!group) continue;
      const int family = net::Family(group->front().get());
      registry_.listeners.Get(address, [] { return runtime::ListenerRecord{}; }).value.sockets =
          std::make_shared<runtime::ListenerSockets>(
              runtime::ListenerSockets{std::move(*group), family});
    }
  }
  // Builds, publishes, and waits until every worker has it.
  void Publish() {
    snapshot_ = builder_.Build(Input());
    holder_.Publish(snapshot_);
    pool_->Wake();
    ASSERT_TRUE(Eventually([this] { return pool_->OldestGeneration() == snapshot_->generation; }));
  }

  runtime::Registry& registry() { return registry_; }
  const runtime::Snapshot& snapshot() const { return *snapshot_; }
  WorkerPool& pool() { return *pool_; }
  // Ends the workers; counters can still be read.
  void StopWorkers() { pool_.reset(); }

  // Counters of a listener by name ("" = of none), summed over workers.
  template <class Read>
  std::uint64_t Sum(const std::string& listener, Read read) const {
    std::uint64_t sum = 0;
    for (const auto& stats : AllStats())
      if (stats->name == listener)
        for (auto& block : stats->blocks) sum += read(block);
    return sum;
  }
  std::uint64_t Dropped(const std::string& listener, runtime::UpDrop reason) const {
    return Sum(listener, [reason](const runtime::ListenerCounters& c) {
      return c.up_drops[static_cast<std::size_t>(reason)].Get();
    });
  }
  std::uint64_t Dropped(const std::string& listener, runtime::DownDrop reason) const {
    return Sum(listener, [reason](const runtime::ListenerCounters& c) {
      return c.down_drops[static_cast<std::size_t>(reason)].Get();
    });
  }

  // The law: what came in went out or was dropped. Waits for quiescence: `received` datagrams from
  // clients in all.
  testing::AssertionResult Conserves(std::uint64_t received) const {
    std::string text;
    const bool holds = Eventually([&] {
      std::uint64_t in = 0, up_in = 0, down = 0;
      bool each = true;
      for (const auto& stats : AllStats()) {
        std::uint64_t client_in = 0, up = 0;
        for (const runtime::ListenerCounters& c : stats->blocks) {
          client_in += c.client_in.datagrams.Get();
          up += c.upstream_out.datagrams.Get();
          for (const auto& drops : c.up_drops) up += drops.Get();
          up_in += c.upstream_in.datagrams.Get();
          down += c.client_out.datagrams.Get();
          for (const auto& drops : c.down_drops) down += drops.Get();
        }
        each = each && client_in == up;
        in += client_in;
      }
      text = "client_in " + std::to_string(in) + " of " + std::to_string(received) +
             ", upstream_in " + std::to_string(up_in) + ", down " + std::to_string(down);
      return each && in == received && up_in == down;
    });
    return (holds ? testing::AssertionSuccess() : testing::AssertionFailure()) << text;
  }

 private:
  runtime::BuildInput Input() { return {*valid_, local_addresses_, clock_.Now()}; }
  std::vector<std::shared_ptr<runtime::ListenerStats>> AllStats() const {
    std::vector<std::shared_ptr<runtime::ListenerStats>> all = {registry_.nowhere};
    for (const auto& [address, entry] : registry_.listeners.entries())
      all.push_back(entry.value.stats);
    return all;
  }

  MonotonicClock clock_;
  runtime::Registry registry_;
  runtime::SnapshotBuilder builder_{registry_};
  std::vector<config::IpAddress> local_addresses_ = {config::IpAddress::V4(0x7f000001)};
  std::optional<config::ValidConfig> valid_;
  std::shared_ptr<const runtime::Snapshot> snapshot_;
  runtime::SnapshotHolder holder_;
  std::unique_ptr<WorkerPool> pool_;
};

inline config::SocketAddress ListenerAddress(const config::Listener& listener,
                                             const std::string& ip = "") {
  return {*config::IpAddress::Parse(ip.empty() ? listener.address : ip),
          static_cast<std::uint16_t>(listener.port)};
}

// `client` says `text` through the listener at `to`, `peer` gets it and answers; the answer must
// come from where the client sent to. The address that the peer saw.
inline config::SocketAddress Exchange(const UniqueFd& client, const config::SocketAddress& to,
                                      const UniqueFd& peer, const std::string& text = "ping") {
  EXPECT_TRUE(SendTo(client.get(), to, text));
  const auto request = ReceiveFrom(peer.get());
  EXPECT_TRUE(request) << "nothing reached the peer";
  if (!request) return {};
  EXPECT_EQ(request->text, text);
  EXPECT_TRUE(SendTo(peer.get(), request->source, "re:" + text));
  const auto reply = ReceiveFrom(client.get());
  EXPECT_TRUE(reply) << "nothing came back";
  if (!reply) return {};
  EXPECT_EQ(reply->text, "re:" + text);
  EXPECT_EQ(reply->source, to);
  return request->source;
}

}  // namespace stevedore::worker
