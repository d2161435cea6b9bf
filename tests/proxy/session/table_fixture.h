// A session table over hand-made snapshots and real pool sockets, for the tests of this folder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/session/session_table.h"

namespace stevedore::session {

class TableFixture : public testing::Test {
 protected:
  static constexpr Tick kStart = 36'000;
  static constexpr Tick kSecond = kTicksPerSecond;

  // A fresh table; listeners and peers are those of `next_`.
  void Make(std::uint32_t capacity, std::uint32_t sockets) {
    table_.reset();
    const auto nothing = [](std::uint32_t, int) {};
    const auto accept = [](std::uint32_t, int) { return true; };
    v4_ = std::make_unique<PortPool>(true, sockets, *own_, PortPool::Hooks{accept, nothing});
    v6_ = std::make_unique<PortPool>(false, sockets, *own_, PortPool::Hooks{accept, nothing});
    table_ = std::make_unique<SessionTable>(capacity, 0, *v4_, *v6_, now_);
    ASSERT_TRUE(table_->ok());
    Apply();
  }

  void AddListener(std::uint32_t id, const runtime::SessionLimits& limits) {
    runtime::ListenerEntry entry;
    entry.id = runtime::ListenerId{id};
    entry.session = limits;
    entry.stats = std::make_shared<runtime::ListenerStats>("l" + std::to_string(id), 1);
    if (next_.listener_by_id.size() <= id)
      next_.listener_by_id.resize(id + 1, runtime::Snapshot::kNoListener);
    next_.listener_by_id[id] = static_cast<std::uint32_t>(next_.listeners.size());
    next_.listeners.push_back(std::move(entry));
  }
  static runtime::SessionLimits Limits(std::uint32_t max_sessions = 1000) {
    return {60, 10, 600, max_sessions, 0};
  }

  void AddPeer(std::uint32_t id, const std::string& address, std::uint32_t upstream = 0) {
    while (next_.upstreams.size() <= upstream) {
      const auto upstream_id = static_cast<std::uint32_t>(next_.upstreams.size());
      next_.upstreams.emplace_back().id = runtime::UpstreamId{upstream_id};
    }
    if (next_.peers.size() <= id) next_.peers.resize(id + 1);
    runtime::PeerEntry& peer = next_.peers[id];
    peer.present = peer.keepable = true;
    peer.upstream = runtime::UpstreamIndex{upstream};
    peer.address = *config::SocketAddress::Parse(address);
  }

  void Apply() {
    snapshots_.push_back(std::make_unique<runtime::Snapshot>(next_));
    table_->Apply(*snapshots_.back(), now_);
  }

  static FlowKey Key(std::uint32_t client, std::uint32_t listener = 0) {
    FlowKey key;
    key.client = {config::IpAddress::V4(0xc0000200u + client), 5000};
    key.listener = runtime::ListenerId{listener};
    return key;
  }

  std::variant<SessionIndex, runtime::UpDrop> TryCreate(const FlowKey& key, std::uint32_t peer) {
    return table_->Create(key, snapshots_.back()->peers[peer], runtime::PeerId{peer}, now_);
  }
  SessionIndex Create(std::uint32_t client, std::uint32_t peer = 0, std::uint32_t listener = 0) {
    const auto created = TryCreate(Key(client, listener), peer);
    const auto* index = std::get_if<SessionIndex>(&created);
    EXPECT_NE(index, nullptr) << "client " << client;
    return index != nullptr ? *index : kNoSession;
  }
  std::optional<runtime::UpDrop> Refusal(std::uint32_t client, std::uint32_t peer = 0,
                                         std::uint32_t listener = 0) {
    const auto created = TryCreate(Key(client, listener), peer);
    const auto* drop = std::get_if<runtime::UpDrop>(&created);
    return drop != nullptr ? std::optional(*drop) : std::nullopt;
  }
  bool Has(std::uint32_t client, std::uint32_t peer = 0, std::uint32_t listener = 0) const {
    return table_->Find(Key(client, listener), runtime::PeerId{peer}) != kNoSession;
  }
  void MakeReplied(SessionIndex index) { table_->OnReply(index, now_); }
  void MakeAssured(SessionIndex index) {
    table_->OnReply(index, now_);
    table_->OnClient(index, (*table_)[index].peer, now_);
  }
  void Pass(Tick ticks) {
    now_ += ticks;
    table_->Expire(now_);
  }
  std::uint64_t Ended(runtime::SessionEnd why, std::uint32_t listener = 0) const {
    return snapshots_.front()
        ->listeners[listener]
        .stats->of(0)
        .sessions_ended[static_cast<std::size_t>(why)]
        .Get();
  }

  Tick now_ = kStart;
  runtime::Snapshot next_;
  std::vector<std::unique_ptr<runtime::Snapshot>> snapshots_;
  std::unique_ptr<OwnPorts> own_ = std::make_unique<OwnPorts>();
  std::unique_ptr<PortPool> v4_;
  std::unique_ptr<PortPool> v6_;
  std::unique_ptr<SessionTable> table_;
};

}  // namespace stevedore::session
