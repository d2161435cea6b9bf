// Random operations on a small, crowded session table, against a map.
#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include "tests/proxy/session/table_fixture.h"

namespace stevedore::session {
namespace {

using runtime::PeerId;
using runtime::UpstreamId;

class SessionModelTest : public TableFixture {
 protected:
  static constexpr std::uint32_t kClients = 60;
  static constexpr std::uint32_t kListeners = 2;
  static constexpr std::uint32_t kPeers = 6;
  static constexpr Tick kIdle = 20 * kSecond;
  static constexpr Tick kEmbryonic = 4 * kSecond;
  static constexpr Tick kReplyOnly = 30 * kSecond;

  // Client, listener, destination.
  using Name = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;
  struct Expected {
    SessionIndex index;
    std::uint32_t slot;
    SessionClass session_class = SessionClass::kEmbryonic;
    Tick last_client;
    Tick last_reply;
    std::map<std::uint32_t, std::uint32_t> flows;  // upstream -> peer
  };

  SessionModelTest() {
    for (std::uint32_t id = 0; id < kListeners; ++id)
      AddListener(id, {kIdle / kSecond, kEmbryonic / kSecond, kReplyOnly / kSecond, 45, 0});
    for (std::uint32_t peer = 0; peer < kPeers; ++peer)
      AddPeer(peer, AddressOf(peer).ToString(), UpstreamOf(peer));
    Make(64, 24);
  }

  // Peers 0 and 1 are one address in two upstreams, 4 and 5 are IPv6.
  static std::uint32_t DestinationOf(std::uint32_t peer) { return peer == 0 ? 0 : peer - 1; }
  static std::uint32_t PeerAt(std::uint32_t destination) { return destination + 1; }
  static config::SocketAddress AddressOf(std::uint32_t peer) {
    const auto port = static_cast<std::uint16_t>(7000 + DestinationOf(peer));
    return {*config::IpAddress::Parse(peer < 4 ? "127.0.0.1" : "::1"), port};
  }
  static std::uint32_t UpstreamOf(std::uint32_t peer) { return peer % 3; }

  static Tick Deadline(const Expected& s) {
    if (s.session_class == SessionClass::kEmbryonic) return s.last_client + kEmbryonic;
    return std::max(s.last_client, std::min(s.last_reply, s.last_client + kReplyOnly)) + kIdle;
  }

  std::map<Name, Expected>::iterator Forget(std::map<Name, Expected>::iterator it) {
    const Expected& s = it->second;
    const bool brief = s.session_class == SessionClass::kEmbryonic;
    rests_[{s.slot, std::get<2>(it->first)}] =
        brief ? s.last_client + kEmbryonicRest : now_ + 60 * kSecond;
    return model_.erase(it);
  }

  void CreateOne(const Name& name, std::uint32_t peer) {
    const auto [client, listener, destination] = name;
    const auto created = TryCreate(Key(client, listener), peer);
    const auto* index = std::get_if<SessionIndex>(&created);
    // Who went for it: never an assured one, and no more than listener, table and peer may ask.
    int evicted = 0;
    for (auto it = model_.begin(); it != model_.end();) {
      const auto [c, l, d] = it->first;
      if (table_->Find(Key(c, l), PeerId{PeerAt(d)}) == it->second.index &&
          (index == nullptr || *index != it->second.index)) {
        ++it;
        continue;
      }
      ASSERT_NE(it->second.session_class, SessionClass::kAssured);
      ++evicted;
      it = Forget(it);
    }
    ASSERT_LE(evicted, 3);
    evicted_ += evicted;
    if (index == nullptr) {
      ++refused_;
      return;
    }
    const Session& session = (*table_)[*index];
    const auto rest = rests_.find({session.port_slot, destination});
    if (rest != rests_.end()) {
      ASSERT_LE(rest->second, now_) << "leased before its rest was over";
    }
    model_[name] = {*index, session.port_slot, SessionClass::kEmbryonic, now_, now_, {}};
  }

  void SetFlow(const Name& name, std::uint32_t peer) {
    const auto [client, listener, destination] = name;
    Expected& session = model_.at(name);
    const std::uint32_t upstream = UpstreamOf(peer);
    for (auto& [other, s] : model_)
      if (std::get<0>(other) == client && std::get<1>(other) == listener) s.flows.erase(upstream);
    session.flows[upstream] = peer;
    table_->SetFlow(session.index, PeerId{peer});
  }

  void Step() {
    const std::uint32_t peer = Random(kPeers);
    const Name name{Random(kClients), Random(kListeners), DestinationOf(peer)};
    const auto found = model_.find(name);
    const std::uint32_t what = Random(100);
    if (found == model_.end()) {
      ASSERT_FALSE(Has(std::get<0>(name), peer, std::get<1>(name)));
      if (what < 60) {
        ASSERT_NO_FATAL_FAILURE(CreateOne(name, peer));
      }
    } else if (what < 40) {
      table_->OnClient(found->second.index, PeerId{peer}, now_);
      found->second.last_client = now_;
      if (found->second.session_class == SessionClass::kReplied)
        found->second.session_class = SessionClass::kAssured;
    } else if (what < 70) {
      table_->OnReply(found->second.index, now_);
      found->second.last_reply = now_;
      if (found->second.session_class == SessionClass::kEmbryonic)
        found->second.session_class = SessionClass::kReplied;
    } else {
      SetFlow(name, peer);
    }
    if (Random(4) == 0) {
      Pass(Random(8));
      for (auto it = model_.begin(); it != model_.end();) {
        // In the last second before the next look the wheel may have met it by chance, or not.
        const Tick deadline = Deadline(it->second);
        const auto [client, listener, destination] = it->first;
        const bool over = deadline <= now_ / kSecond * kSecond ||
                          (deadline <= now_ && !Has(client, PeerAt(destination), listener));
        it = over ? Forget(it) : std::next(it);
      }
    }
    if (Random(1000) == 0) Retire();
  }

  void Retire() {
    if (v4_->size() == 0) return;
    const std::uint32_t slot = Random(v4_->size());
    if (v4_->fd(slot) < 0) return;
    for (std::uint32_t other = 0; other < v6_->size(); ++other)
      if (v6_->fd(other) >= 0 && v6_->port(other) == v4_->port(slot)) return;
    table_->RetirePort(v4_->port(slot), now_);
    for (auto it = model_.begin(); it != model_.end();)
      it = it->second.slot == slot && std::get<2>(it->first) < 3 ? Forget(it) : std::next(it);
  }

  void CheckEverything() {
    ASSERT_EQ(table_->size(), model_.size());
    std::map<std::pair<std::uint32_t, std::uint32_t>, SessionIndex> leases;
    std::map<std::uint32_t, std::uint32_t> unassured;
    for (const auto& [name, s] : model_) {
      const auto [client, listener, destination] = name;
      const std::uint32_t peer = PeerAt(destination);
      ASSERT_EQ(table_->Find(Key(client, listener), PeerId{peer}), s.index);
      const Session& session = (*table_)[s.index];
      ASSERT_EQ(session.session_class, s.session_class);
      ASSERT_EQ(session.port_slot, s.slot);
      ASSERT_EQ(table_->FindReply(peer < 4, s.slot, AddressOf(peer)), s.index);
      const bool unique = leases.try_emplace({s.slot, destination}, s.index).second;
      ASSERT_TRUE(unique) << "two sessions on one port towards one peer";
      unassured[destination] += s.session_class != SessionClass::kAssured ? 1 : 0;
      for (std::uint32_t upstream = 0; upstream < 3; ++upstream) {
        const auto kept = table_->FindFlow(Key(client, listener), UpstreamId{upstream});
        const auto flow = s.flows.find(upstream);
        ASSERT_EQ(kept.session == s.index, flow != s.flows.end());
        if (flow != s.flows.end()) {
          ASSERT_EQ(kept.peer, PeerId{flow->second});
        }
      }
    }
    for (const auto& [destination, count] : unassured) ASSERT_LE(count, 12u) << destination;
  }

  std::uint32_t Random(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
  }

  std::mt19937 random_{77};
  std::map<Name, Expected> model_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Tick> rests_;  // (slot, destination) -> end
  int evicted_ = 0;
  int refused_ = 0;
};

TEST_F(SessionModelTest, AHundredThousandOperations) {
  for (int step = 0; step < 100'000; ++step) {
    ASSERT_NO_FATAL_FAILURE(Step()) << "step " << step;
    if (step % 20 == 0) {
      ASSERT_NO_FATAL_FAILURE(CheckEverything()) << "step " << step;
    }
  }
  EXPECT_GT(evicted_, 500);
  EXPECT_GT(refused_, 0);
  Pass(700 * kSecond);
  EXPECT_EQ(table_->size(), 0u);
}

}  // namespace
}  // namespace stevedore::session
