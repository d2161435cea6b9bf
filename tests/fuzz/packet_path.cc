// Fuzz target: the packet path of a worker, both ways, on real sockets of loopback: rules, tiers,
// affinity, sessions, replies, expiry, reloads and probes that come and go.
// Property: every datagram reaches exactly one peer that the model (packet_model.h) lets it go to,
// unchanged, in order and from the one port that its client has towards that peer, or is counted
// under the reason that the model gives; every reply reaches the client that holds the port and no
// other, from the address that the client used, or is counted. Received = forwarded + dropped, by
// reason and in both directions, after each burst.
#include "proxy/worker/packet_path.h"

#include "tests/fuzz/packet_model.h"
#include "tests/fuzz/rules.h"

namespace stevedore::fuzz {
namespace {

using runtime::DownDrop;
using runtime::UpDrop;

constexpr unsigned kUpstreams = 4;
constexpr std::array<const char*, kUpstreams> kNames = {"flow", "hash", "key", "turns"};

class Play {
 public:
  Play(Choices& choices, const Sockets& sockets, Runtime& runtime)
      : choices_(choices), sockets_(sockets), runtime_(runtime), engine_(sockets) {
    sockets_.Drain();
    runtime_.now += std::chrono::hours(1);  // ids of what the input before removed have rested
    model_.upstreams.resize(kUpstreams);
    for (unsigned i = 0; i < kUpstreams; ++i) model_.upstream_by_name[kNames[i]] = i;
    for (const auto& [key, entry] : runtime_.registry.peers.entries())
      entry.value.health->passing = true;
    Reload();
  }

  void Run() {
    while (!choices_.done()) {
      switch (choices_.Below(8)) {
        case 0:
          Reload();
          break;
        case 1:
          Probe();
          break;
        case 2:
          Pass();
          break;
        case 3:
        case 4:
          Replies();
          break;
        default:
          Burst();
      }
      Require(engine_.sessions() == model_.sessions(), "as many sessions as the model has");
    }
  }

 private:
  // A datagram of a client, and what the model says of it once it is known where it arrived.
  struct Sent {
    Way way;
    config::Bytes payload;
  };

  std::set<unsigned> Some(std::uint32_t one_in) {
    std::set<unsigned> some;
    for (unsigned peer = 0; peer < kPeers; ++peer)
      if (!choices_.OneIn(one_in)) some.insert(peer);
    return some;
  }

  config::Upstream MakeUpstream(unsigned number, UpstreamModel& model) {
    config::Upstream upstream;
    upstream.name = kNames[number];
    if (number == 1 || number == 2) {
      upstream.algorithm = config::Algorithm::kConsistentHash;
      upstream.hash_key = config::HashKey{config::KeySource::kPayload, 1, 3};
      model.key = {1, 3};
    }
    model.algorithm = upstream.algorithm;
    model.affinity = number == 0   ? config::Affinity::kFlow
                     : number == 2 ? config::Affinity::kKey
                                   : config::Affinity::kNone;
    upstream.affinity = model.affinity;
    upstream.health_check.emplace();  // Probe() plays the prober
    model.fail_open = !choices_.OneIn(2);
    if (!model.fail_open) upstream.when_none_usable = config::WhenNoneUsable::kDrop;
    model.keeps_draining = model.affinity == config::Affinity::kNone || !choices_.OneIn(2);
    if (!model.keeps_draining) upstream.drain = config::Drain::kMove;
    model.ready = Some(4);
    model.draining.clear();
    model.backup.clear();
    for (unsigned peer = 0; peer < kPeers; ++peer) {
      const auto address = sockets_.Peer(peer);
      config::Peer entry{address.ip.ToString(), address.port, 1 + peer % 3, false};
      if (!model.ready.contains(peer)) {
        if (choices_.OneIn(3)) continue;  // in no list
        const bool backup = choices_.OneIn(2);
        (backup ? model.backup : model.draining).insert(peer);
        entry.draining = !backup;
        if (backup) {
          upstream.backup_peers.push_back(entry);
          continue;
        }
      }
      upstream.peers.push_back(entry);
    }
    return upstream;
  }

  static std::set<std::pair<unsigned, unsigned>> Listed(
      const std::vector<UpstreamModel>& upstreams) {
    std::set<std::pair<unsigned, unsigned>> listed;
    for (unsigned i = 0; i < upstreams.size(); ++i)
      for (const auto* tier : {&upstreams[i].ready, &upstreams[i].draining, &upstreams[i].backup})
        for (const unsigned peer : *tier) listed.insert({i, peer});
    return listed;
  }

  void Reload() {
    const auto before = Listed(model_.upstreams);
    config_ = config::ProxyConfig();
    for (unsigned i = 0; i < kUpstreams; ++i)
      config_.upstreams.push_back(MakeUpstream(i, model_.upstreams[i]));
    config::Listener& listener = model_.listener = config::Listener();
    listener.max_datagram_bytes = choices_.OneIn(2) ? 512 : 65535;
    listener.session.idle_timeout_seconds = kIdle / kSecond;
    listener.session.embryonic_timeout_seconds = kEmbryonic / kSecond;
    listener.session.max_reply_only_seconds = kReplyOnly / kSecond;
    model_.denies = choices_.OneIn(4);
    if (model_.denies)
      listener.deny = {LocalAddress(sockets_.clients[kDenied].get()).ip.ToString() + "/32"};
    const auto target = [&] {
      const std::uint32_t which = choices_.Below(kUpstreams + 1);
      return which < kUpstreams ? kNames[which] : config::kDeny;
    };
    listener.default_upstream = target();
    do {  // rules that the validator refuses are for others
      listener.rules = MakeRules(choices_, choices_.Below(6));
      for (config::Rule& rule : listener.rules) rule.upstream = target();
      config_.listeners = {listener, listener};
      for (unsigned i = 0; i < 2; ++i) {
        config_.listeners[i].name = "l" + std::to_string(i);
        config_.listeners[i].address = sockets_.addresses[i].ip.ToString();
        config_.listeners[i].port = sockets_.addresses[i].port;
      }
    } while (std::holds_alternative<config::FieldErrors>(config::Validate(config_)));
    std::set<std::pair<unsigned, unsigned>> gone = before;
    for (const auto& listed : Listed(model_.upstreams)) gone.erase(listed);
    for (const auto& [upstream, peer] : gone) model_.upstreams[upstream].failing.erase(peer);
    model_.Reloaded(gone);
    Publish();
    if (model_.denies) model_.Refused(kDenied);
  }

  void Publish() {
    const auto valid = config::Validate(config_);
    engine_.Apply(runtime_.Build(std::get<config::ValidConfig>(valid), sockets_));
  }

  // A probe of one peer says something else than before.
  void Probe() {
    const unsigned upstream = choices_.Below(kUpstreams);
    const unsigned peer = choices_.Below(kPeers);
    if (!Listed(model_.upstreams).contains({upstream, peer})) return;
    auto& failing = model_.upstreams[upstream].failing;
    const bool passes = failing.erase(peer) != 0;
    if (!passes) failing.insert(peer);
    const auto& records = runtime_.registry.peers.entries();
    records.at({kNames[upstream], sockets_.Peer(peer)}).value.health->passing = passes;
    model_.Reloaded({});
    Publish();
  }

  void Pass() {
    engine_.Pass(choices_.OneIn(6) ? choices_.Below(70 * kSecond) : choices_.Below(3 * kSecond));
    model_.Expire(engine_.now, [&](std::uint16_t port, unsigned peer) {
      return engine_.IsLeased(port, sockets_.Peer(peer));
    });
  }

  config::Bytes MakePayload() {
    const auto& rules = model_.listener.rules;
    config::Bytes payload;
    if (!rules.empty() && !choices_.OneIn(3)) {
      const config::Rule& rule = rules[choices_.Below(static_cast<std::uint32_t>(rules.size()))];
      for (const config::Condition& condition : rule.match)
        payload.resize(std::max(payload.size(), static_cast<std::size_t>(condition.end)));
      for (const config::Condition& condition : rule.match) {
        const config::Bytes value = *config::ParseValue(condition.value);
        std::copy(value.begin(), value.end(), payload.begin() + condition.start);
      }
    }
    const auto more = choices_.Take(choices_.Below(12));
    payload.insert(payload.end(), more.begin(), more.end());
    if (choices_.OneIn(16)) payload.resize(500 + choices_.Below(30));
    return payload;
  }

  // Several clients send, neighbours of one size in one segmented send; then the worker reads.
  void Burst() {
    std::vector<Sent> sent;
    std::set<config::Bytes> told;  // each once: by its bytes a datagram is known again
    net::SendBatch batch;
    for (std::uint32_t n = 1 + choices_.Below(6); n > 0; --n) {
      const unsigned client = choices_.Below(kClients);
      const Way way{client, client < kV4Clients ? choices_.Below(3) : 3};
      config::Bytes payload = MakePayload();
      for (std::uint32_t copies = 1 + choices_.Below(4); copies > 0; --copies) {
        if (copies > 1 && !payload.empty()) ++payload.back();  // same size, other bytes
        if (told.insert(payload).second) sent.push_back({way, payload});
      }
    }
    const bool own = choices_.OneIn(8);
    for (const Sent& s : sent) {
      const int fd = sockets_.clients[s.way.client].get();
      batch.Add(fd, net::Family(fd), sockets_.Target(s.way.target), {}, s.payload);
    }
    // A datagram from a listener of our own would go round for ever.
    if (own)
      batch.Add(sockets_.listeners[1]->fds[0].get(), sockets_.listeners[1]->family,
                sockets_.Target(0), {}, {});
    const unsigned items = batch.size();
    batch.Flush();
    for (unsigned i = 0; i < items; ++i) Require(batch.error(i) == 0, "loopback takes all");
    Forward(sent, own);
  }

  void Forward(const std::vector<Sent>& sent, bool own) {
    const std::array<std::vector<std::uint64_t>, 2> before = {UpCounts(0), UpCounts(1)};
    std::array<std::vector<std::uint64_t>, 2> expected = before;
    std::array<std::uint64_t, 2> due = {before[0][0] + (own ? 1 : 0), before[1][0]};
    for (const Sent& s : sent) ++due[s.way.target == 0 ? 0 : 1];
    for (unsigned i = 0; i < 2; ++i)
      Until([&] { engine_.ServeListener(i); }, [&] { return UpCounts(i)[0] >= due[i]; });
    const std::uint64_t forwarded = UpCounts(0)[1] + UpCounts(1)[1] - before[0][1] - before[1][1];
    auto arrived = ReadAll(sockets_.peers, forwarded);
    // In the order in which the worker met them: one listener, then the other.
    for (unsigned listener = 0; listener < 2; ++listener) {
      std::map<std::pair<unsigned, std::uint16_t>, std::size_t>
          last;  // (peer, port): for the order
      for (const Sent& s : sent) {
        if ((s.way.target == 0 ? 0u : 1u) != listener) continue;
        auto& counts = expected[listener];
        ++counts[0];
        const Verdict verdict = model_.Decide(s.way, s.payload, engine_.now);
        if (verdict.drop) {
          ++counts[2 + static_cast<std::size_t>(*verdict.drop)];
          continue;
        }
        ++counts[1];
        const auto [peer, at] = Locate(arrived, s, verdict);
        const std::uint16_t port = arrived[peer][at].source.port;
        const auto [position, first] = last.try_emplace({peer, port}, at);
        Require(first || position->second < at, "the order of a client's datagrams is kept",
                Told(s, verdict, peer));
        position->second = at;
        model_.Forwarded(s.way, s.payload, verdict, peer, port, engine_.now);
      }
    }
    if (own) {
      ++expected[0][0];
      ++expected[0][2 + static_cast<std::size_t>(UpDrop::kBadSource)];
    }
    for (unsigned i = 0; i < 2; ++i)
      Require(UpCounts(i) == expected[i], "received = forwarded + dropped, by reason");
    for (const auto& list : arrived)
      for (const Arrived& datagram : list)
        Require(datagram.matched, "nothing reaches a peer that no client sent");
  }

  static std::string Told(const Sent& s, const Verdict& verdict, unsigned peer) {
    std::string text = "client " + std::to_string(s.way.client) + " to target " +
                       std::to_string(s.way.target) + ": " + config::FormatHex(s.payload) +
                       " by upstream " + kNames[verdict.upstream] + " to peer " +
                       std::to_string(peer) + " instead of one of";
    for (const unsigned may : verdict.peers) text += " " + std::to_string(may);
    return text;
  }

  // Where the datagram arrived: at a peer that may have it, from the client's port there, or from a
  // port that nobody has there when the client has none.
  std::pair<unsigned, std::size_t> Locate(std::vector<std::vector<Arrived>>& arrived, const Sent& s,
                                          const Verdict& verdict) {
    const std::string text(s.payload.begin(), s.payload.end());
    for (unsigned peer = 0; peer < kPeers; ++peer) {
      for (std::size_t at = 0; at < arrived[peer].size(); ++at) {
        Arrived& datagram = arrived[peer][at];
        if (datagram.matched || datagram.text != text) continue;
        Require(verdict.peers.contains(peer), "a datagram goes to a peer that may have it",
                Told(s, verdict, peer));
        const auto holder = model_.Holder(datagram.source.port, peer);
        Require(holder ? *holder == s.way : !model_.HasSession(s.way, peer),
                "a peer sees one port per client, and no other client on it");
        datagram.matched = true;
        return {peer, at};
      }
    }
    Require(false, "a datagram that is counted as forwarded arrives");
    return {};
  }

  // client_in, upstream_out, then drops by reason.
  std::vector<std::uint64_t> UpCounts(unsigned listener) const {
    const runtime::ListenerCounters& c = engine_.Counters(listener);
    std::vector<std::uint64_t> counts = {c.client_in.datagrams.Get(),
                                         c.upstream_out.datagrams.Get()};
    for (const auto& drop : c.up_drops) counts.push_back(drop.Get());
    return counts;
  }
  // upstream_in, client_out, then drops by reason, of both listeners and of none.
  std::vector<std::uint64_t> DownCounts() const {
    std::vector<std::uint64_t> counts(2 + runtime::kDownDropNames.size());
    for (const auto* c : {&engine_.Counters(0), &engine_.Counters(1), &engine_.Nowhere()}) {
      counts[0] += c->upstream_in.datagrams.Get();
      counts[1] += c->client_out.datagrams.Get();
      for (std::size_t i = 0; i < c->down_drops.size(); ++i)
        counts[2 + i] += c->down_drops[i].Get();
    }
    return counts;
  }

  // Peers send to open ports, their own lease or not.
  void Replies() {
    const auto ports = engine_.OpenPorts();
    if (ports.empty()) return;
    auto expected = DownCounts();
    std::vector<std::vector<std::pair<std::string, config::SocketAddress>>> due(kClients);
    net::SendBatch batch;
    std::vector<config::Bytes> payloads;  // until the batch is sent
    payloads.reserve(8);
    for (std::uint32_t n = 1 + choices_.Below(8); n > 0; --n) {
      const unsigned peer = choices_.Below(kPeers);
      const auto port = ports[choices_.Below(static_cast<std::uint32_t>(ports.size()))];
      const auto bytes = choices_.Take(choices_.Below(8));
      config::Bytes& payload = payloads.emplace_back(bytes.begin(), bytes.end());
      if (choices_.OneIn(16)) payload.resize(500 + choices_.Below(30));
      batch.Add(sockets_.peers[peer].get(), AF_INET, Address("127.0.0.1", port), {}, payload);
      ++expected[0];
      const auto way = model_.Holder(port, peer);
      const auto drop = [&](DownDrop reason) { ++expected[2 + static_cast<std::size_t>(reason)]; };
      if (!way) {
        drop(DownDrop::kUnknownReply);
      } else if (payload.size() > static_cast<std::size_t>(model_.listener.max_datagram_bytes)) {
        drop(DownDrop::kTruncated);
      } else {
        ++expected[1];
        model_.Replied(*way, peer, engine_.now);
        due[way->client].push_back(
            {std::string(payload.begin(), payload.end()), sockets_.Target(way->target)});
      }
    }
    batch.Flush();
    Until([&] { engine_.ServePools(); }, [&] { return DownCounts()[0] >= expected[0]; });
    Require(DownCounts() == expected, "replies received = delivered + dropped, by reason");
    std::size_t all_due = 0;
    for (const auto& replies : due) all_due += replies.size();
    const auto arrived = ReadAll(sockets_.clients, all_due);
    for (unsigned client = 0; client < kClients; ++client) {
      std::vector<std::pair<std::string, config::SocketAddress>> got;
      for (const Arrived& reply : arrived[client]) got.push_back({reply.text, reply.source});
      std::sort(got.begin(), got.end());
      std::sort(due[client].begin(), due[client].end());
      Require(got == due[client], "each client gets its replies, from where it sent to");
    }
  }

  Choices& choices_;
  const Sockets& sockets_;
  Runtime& runtime_;
  Engine engine_;
  PacketModel model_;
  config::ProxyConfig config_;
};

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore::fuzz;
  static const Sockets sockets;
  static Runtime runtime;
  Choices choices(data, size);
  std::make_unique<Play>(choices, sockets, runtime)->Run();
  return 0;
}
