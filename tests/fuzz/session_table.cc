// Fuzz target: the session table of a worker, with its leases, limits, Flows, expiry and reloads.
// Property: after any row of operations the table has exactly the sessions of a plain std::map
// model, each with the class and Flows that the model says; what was refused or evicted is what the
// limits say and never an assured session; no lease is held twice or given before its rest is over;
// per listener, sessions created = sessions ended + sessions alive.
#include "proxy/session/session_table.h"

#include <map>
#include <memory>
#include <optional>
#include <tuple>

#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {
namespace {

using runtime::PeerId;
using runtime::UpstreamId;
using session::kNoSession;
using session::SessionClass;
using session::SessionIndex;
using session::Tick;

constexpr Tick kSecond = session::kTicksPerSecond;
constexpr Tick kIdle = 20 * kSecond;
constexpr Tick kEmbryonic = 4 * kSecond;
constexpr Tick kReplyOnly = 30 * kSecond;
constexpr std::uint32_t kCapacity = 16;
constexpr std::uint32_t kSockets = 6;  // of each family
constexpr std::uint32_t kClients = 12;
constexpr std::uint32_t kListeners = 2;
constexpr std::uint32_t kPeers = 6;
constexpr std::uint32_t kUpstreams = 3;

// Peers 0 and 1 are one address in two upstreams; 4 and 5 are IPv6.
std::uint32_t PlaceOf(std::uint32_t peer) { return peer == 0 ? 0 : peer - 1; }
std::uint32_t UpstreamOf(std::uint32_t peer) { return peer % kUpstreams; }
config::SocketAddress AddressOf(std::uint32_t peer) {
  config::SocketAddress address{config::IpAddress::V4(0x7f000001),
                                static_cast<std::uint16_t>(7000 + PlaceOf(peer))};
  if (peer >= 4) address.ip = *config::IpAddress::Parse("::1");
  return address;
}
// Three clients share an address.
session::FlowKey KeyOf(std::uint32_t client, std::uint32_t listener) {
  session::FlowKey key;
  key.client = {config::IpAddress::V4(0xc0000200u + client / 3),
                static_cast<std::uint16_t>(5000 + client)};
  key.listener = runtime::ListenerId{listener};
  return key;
}

struct Name {
  std::uint32_t client, listener, place;
  auto operator<=>(const Name&) const = default;
};
struct Modelled {
  SessionIndex index = kNoSession;
  std::uint32_t slot = 0;
  SessionClass session_class = SessionClass::kEmbryonic;
  Tick last_client = 0;
  Tick last_reply = 0;
  std::uint64_t classed = 0;                     // when it came into its class, as a serial number
  bool counted = false;                          // among those of its source
  std::map<std::uint32_t, std::uint32_t> flows;  // upstream -> peer
};
using Sessions = std::map<Name, Modelled>;

class Model {
 public:
  explicit Model(Choices& choices) : choices_(choices) {
    for (auto& stats : stats_) stats = std::make_shared<runtime::ListenerStats>("l", 1);
    Reload(true);
  }

  void Run() {
    while (!choices_.done()) {
      Step();
      RequireSame();
    }
    now_ += 700 * kSecond;
    table_.Expire(now_);
    Require(table_.size() == 0, "nothing outlives its time");
    for (const auto& stats : stats_) {
      std::uint64_t ended = 0;
      for (const auto& count : stats->of(0).sessions_ended) ended += count.Get();
      Require(stats->of(0).sessions_created.Get() == ended, "sessions created = sessions ended");
    }
  }

 private:
  void Step() {
    const std::uint32_t what = choices_.Below(16);
    if (what == 0) return Reload(false);
    if (what == 1) return Retire();
    if (what <= 4) return Pass();
    const std::uint32_t peer = choices_.Below(kPeers);
    const Name name{choices_.Below(kClients), choices_.Below(kListeners), PlaceOf(peer)};
    const auto found = sessions_.find(name);
    if (!listed_[name.listener] || !present_[peer]) return;
    if (found == sessions_.end()) {
      Create(name, peer);
    } else if (what <= 8) {
      Touch(found->second, peer);
    } else if (what <= 12) {
      Reply(found->second);
    } else {
      SetFlow(name, peer);
    }
  }

  void Touch(Modelled& session, std::uint32_t peer) {
    table_.OnClient(session.index, PeerId{peer}, now_);
    session.last_client = now_;
    if (session.session_class == SessionClass::kReplied) Enter(session, SessionClass::kAssured);
  }
  void Reply(Modelled& session) {
    table_.OnReply(session.index, now_);
    session.last_reply = now_;
    if (session.session_class == SessionClass::kEmbryonic) Enter(session, SessionClass::kReplied);
  }
  void Enter(Modelled& session, SessionClass to) {
    session.session_class = to;
    session.classed = ++serial_;
  }

  // The session that has to go first among those that `of` names, if one may go at all.
  template <class Of>
  Sessions::iterator Oldest(Of of) {
    auto oldest = sessions_.end();
    for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
      if (it->second.session_class == SessionClass::kAssured || !of(it->first)) continue;
      if (oldest == sessions_.end() ||
          std::pair(it->second.session_class, it->second.classed) <
              std::pair(oldest->second.session_class, oldest->second.classed))
        oldest = it;
    }
    return oldest;
  }
  std::uint32_t CountOf(std::uint32_t listener) const {
    return static_cast<std::uint32_t>(
        std::count_if(sessions_.begin(), sessions_.end(),
                      [&](const auto& entry) { return entry.first.listener == listener; }));
  }

  // What admission says before leases are asked for: a refusal, or whom it evicts.
  std::optional<runtime::UpDrop> Admit(const Name& name) {
    const auto of_source = static_cast<std::uint32_t>(
        std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& entry) {
          return entry.second.counted && entry.first.listener == name.listener &&
                 entry.first.client / 3 == name.client / 3;
        }));
    if (per_source_ != 0 && of_source >= per_source_) return runtime::UpDrop::kSourceLimit;
    if (CountOf(name.listener) >= quota_) {
      const auto oldest = Oldest([&](const Name& n) { return n.listener == name.listener; });
      if (oldest == sessions_.end()) return runtime::UpDrop::kSessionLimit;
      Forget(oldest);
    }
    if (sessions_.size() < kCapacity) return std::nullopt;
    auto giver = sessions_.end();
    for (std::uint32_t listener = 0; listener < kListeners; ++listener) {
      const auto oldest = Oldest([&](const Name& n) { return n.listener == listener; });
      if (oldest != sessions_.end() &&
          (giver == sessions_.end() || CountOf(listener) > CountOf(giver->first.listener)))
        giver = oldest;
    }
    if (giver == sessions_.end()) return runtime::UpDrop::kSessionLimit;
    Forget(giver);
    return std::nullopt;
  }

  void Create(const Name& name, std::uint32_t peer) {
    const auto refusal = Admit(name);
    const auto created = table_.Create(KeyOf(name.client, name.listener),
                                       snapshots_.back()->peers[peer], PeerId{peer}, now_);
    const auto* index = std::get_if<SessionIndex>(&created);
    if (refusal) {
      Require(index == nullptr && std::get<runtime::UpDrop>(created) == *refusal,
              "what the limits refuse is refused, with their reason");
      return;
    }
    // Towards this peer, leases may have run out: then its unassured sessions give theirs.
    int evicted = 0;
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      const auto current = it++;
      if (IsThere(current->first) && (index == nullptr || *index != current->second.index))
        continue;
      Require(current->first.place == name.place, "only who holds what ran out is evicted");
      Require(current->second.session_class != SessionClass::kAssured, "no assured one is evicted");
      Forget(current);
      ++evicted;
    }
    Require(evicted <= 2, "no more are evicted than are needed");
    if (index == nullptr) {
      Require(std::get<runtime::UpDrop>(created) == runtime::UpDrop::kPortLimit,
              "nothing but leases had run out");
      return;
    }
    const std::uint32_t slot = table_[*index].port_slot;
    const auto rest = rests_.find({slot, name.place});
    Require(rest == rests_.end() || rest->second <= now_, "a lease rests before it is given again");
    sessions_[name] = {*index, slot,      SessionClass::kEmbryonic, now_,
                       now_,   ++serial_, per_source_ != 0,         {}};
  }

  // The session is at its end in the model: its lease rests from now on.
  void Forget(Sessions::iterator it) {
    const bool brief = it->second.session_class == SessionClass::kEmbryonic;
    rests_[{it->second.slot, it->first.place}] =
        brief ? it->second.last_client + session::kEmbryonicRest : now_ + 60 * kSecond;
    sessions_.erase(it);
  }

  void SetFlow(const Name& name, std::uint32_t peer) {
    const std::uint32_t upstream = UpstreamOf(peer);
    std::size_t flows = 0;
    for (auto& [other, session] : sessions_) {
      if (other.client == name.client && other.listener == name.listener &&
          other.place != name.place)
        session.flows.erase(upstream);
      flows += session.flows.size();
    }
    Modelled& session = sessions_.at(name);
    session.flows[upstream] = peer;
    table_.SetFlow(session.index, PeerId{peer});
    // With as many Flows as there may be, the session gives up one of its own.
    int given = 0;
    for (auto it = session.flows.begin(); it != session.flows.end();) {
      const auto current = it++;
      const auto key = KeyOf(name.client, name.listener);
      if (table_.FindFlow(key, UpstreamId{current->first}).session == session.index) continue;
      Require(current->first != upstream, "a Flow that is set is kept");
      session.flows.erase(current);
      ++given;
    }
    Require(given == 0 || (given == 1 && flows >= kCapacity),
            "a Flow is given up for another only");
  }

  void Pass() {
    now_ += choices_.OneIn(8) ? choices_.Below(90 * kSecond) : choices_.Below(3 * kSecond);
    table_.Expire(now_);
    for (session::PortPool* pool : {&v4_, &v6_}) pool->CloseUnused(now_);
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      const auto current = it++;
      // Within the last second the wheel may have met it by chance, or not.
      const Tick deadline = Deadline(current->second);
      if (deadline <= now_ / kSecond * kSecond || (deadline <= now_ && !IsThere(current->first)))
        Forget(current);
    }
  }
  static Tick Deadline(const Modelled& s) {
    if (s.session_class == SessionClass::kEmbryonic) return s.last_client + kEmbryonic;
    return std::max(s.last_client, std::min(s.last_reply, s.last_client + kReplyOnly)) + kIdle;
  }

  // Other limits, peers and listeners; sessions of a listener that is gone are gone.
  void Reload(bool first) {
    auto snapshot = std::make_unique<runtime::Snapshot>();
    quota_ = choices_.OneIn(2) ? 5 : 45;
    per_source_ = choices_.OneIn(3) ? 2 : 0;
    snapshot->listener_by_id.assign(kListeners, runtime::Snapshot::kNoListener);
    for (std::uint32_t id = 0; id < kListeners; ++id) {
      listed_[id] = first || !choices_.OneIn(4);
      if (!listed_[id]) continue;
      runtime::ListenerEntry entry;
      entry.id = runtime::ListenerId{id};
      entry.session = {kIdle / kSecond, kEmbryonic / kSecond, kReplyOnly / kSecond, quota_,
                       per_source_};
      entry.stats = stats_[id];
      snapshot->listener_by_id[id] = static_cast<std::uint32_t>(snapshot->listeners.size());
      snapshot->listeners.push_back(std::move(entry));
    }
    for (std::uint32_t id = 0; id < kUpstreams; ++id)
      snapshot->upstreams.emplace_back().id = UpstreamId{id};
    snapshot->peers.resize(kPeers);
    for (std::uint32_t id = 0; id < kPeers; ++id) {
      runtime::PeerEntry& peer = snapshot->peers[id];
      peer.present = peer.keepable = present_[id] = first || !choices_.OneIn(6);
      peer.upstream = runtime::UpstreamIndex{UpstreamOf(id)};
      peer.address = AddressOf(id);
    }
    table_.Apply(*snapshot, now_);
    snapshots_.push_back(std::move(snapshot));
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      const auto current = it++;
      if (!listed_[current->first.listener]) Forget(current);
    }
  }

  // A listener wants the port of a pool socket: the sessions on it go.
  void Retire() {
    const std::uint32_t slot = choices_.Below(kSockets);
    if (slot >= v4_.size() || v4_.fd(slot) < 0) return;
    for (std::uint32_t other = 0; other < v6_.size(); ++other)
      if (v6_.fd(other) >= 0 && v6_.port(other) == v4_.port(slot)) return;
    table_.RetirePort(v4_.port(slot), now_);
    for (auto it = sessions_.begin(); it != sessions_.end();) {
      const auto current = it++;
      if (current->second.slot == slot && current->first.place < 3) Forget(current);
    }
  }

  // By the peer's first id that was ever listed: all of them were.
  SessionIndex Find(const Name& name) const {
    return table_.Find(KeyOf(name.client, name.listener), PeerId{name.place + 1});
  }
  bool IsThere(const Name& name) const { return Find(name) == sessions_.at(name).index; }

  void RequireSame() const {
    Require(table_.size() == sessions_.size(), "as many sessions as the model has",
            std::to_string(table_.size()) + ", not " + std::to_string(sessions_.size()));
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> leases;
    std::map<std::uint32_t, std::uint32_t> unassured;
    for (const auto& [name, s] : sessions_) {
      Require(IsThere(name), "each session of the model is there");
      const session::Session& session = table_[s.index];
      Require(session.session_class == s.session_class, "its class is the model's");
      Require(session.port_slot == s.slot, "it keeps its port");
      Require(++leases[{s.slot, name.place}] == 1, "a port towards a peer is one session's");
      const bool v4 = name.place < 3;
      Require(table_.FindReply(v4, s.slot, AddressOf(name.place + 1)) == s.index,
              "a reply finds its session");
      Require((v4 ? v4_ : v6_).fd(s.slot) >= 0, "its socket is open");
      if (s.session_class != SessionClass::kAssured) ++unassured[name.place];
      for (std::uint32_t upstream = 0; upstream < kUpstreams; ++upstream) {
        const auto kept = table_.FindFlow(KeyOf(name.client, name.listener), UpstreamId{upstream});
        const auto flow = s.flows.find(upstream);
        Require((kept.session == s.index) == (flow != s.flows.end()), "its Flows are the model's");
        Require(flow == s.flows.end() || kept.peer == PeerId{flow->second},
                "and so are their peers");
      }
    }
    for (const auto& [place, count] : unassured)
      Require(count <= kSockets / 2, "unassured sessions hold half of a peer's leases at most");
  }

  Choices& choices_;
  Tick now_ = 36'000;
  session::OwnPorts own_;
  const session::PortPool::Hooks hooks_{[](std::uint32_t, int) { return true; },
                                        [](std::uint32_t, int) {}};
  session::PortPool v4_{true, kSockets, own_, hooks_};
  session::PortPool v6_{false, kSockets, own_, hooks_};
  session::SessionTable table_{kCapacity, 0, v4_, v6_, now_};
  std::array<std::shared_ptr<runtime::ListenerStats>, kListeners> stats_;
  std::vector<std::unique_ptr<runtime::Snapshot>> snapshots_;
  std::array<bool, kListeners> listed_{};
  std::array<bool, kPeers> present_{};
  std::uint32_t quota_ = 0;
  std::uint32_t per_source_ = 0;
  Sessions sessions_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Tick> rests_;  // (slot, place) -> end
  std::uint64_t serial_ = 0;
};

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore::fuzz;
  Choices choices(data, size);
  auto model = std::make_unique<Model>(choices);
  model->Run();
  return 0;
}
