#include "proxy/worker/packet_path.h"

#include <net/if.h>
#include <netinet/udp.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <map>

#include "tests/proxy/worker/rig.h"

namespace stevedore::worker {
namespace {

using config::Affinity;
using config::Algorithm;
using runtime::UpDrop;

class PacketPathTest : public testing::Test {
 protected:
  PacketPathTest() {
    for (int i = 0; i < 4; ++i) peers_.push_back(BoundSocket(At("127.0.0.1:0")));
    // Ascending by address, as turns are taken.
    std::sort(peers_.begin(), peers_.end(), [](const UniqueFd& a, const UniqueFd& b) {
      return LocalAddress(a.get()) < LocalAddress(b.get());
    });
    config_.upstreams = {MakeUpstream("u", {})};
    for (const UniqueFd& peer : peers_) config_.upstreams[0].peers.push_back(PeerAt(peer));
    config_.listeners = {MakeListener("l", "127.0.0.1", "u")};
    to_ = ListenerAddress(config_.listeners[0]);
  }
  config::Upstream& upstream() { return config_.upstreams[0]; }

  // Waits for `total` datagrams and says how many each peer got.
  std::vector<int> Counts(int total) {
    std::vector<int> counts(peers_.size());
    int got = 0;
    Eventually([&] {
      for (std::size_t i = 0; i < peers_.size(); ++i)
        while (ReceiveFrom(peers_[i].get(), 0)) ++counts[i], ++got;
      return got >= total;
    });
    return counts;
  }
  void Send(const UniqueFd& from, const std::string& text = "x") {
    ASSERT_TRUE(SendTo(from.get(), to_, text));
  }

  UniqueFd client_ = BoundSocket(At("127.0.0.1:0"));
  std::vector<UniqueFd> peers_;
  config::ProxyConfig config_;
  config::SocketAddress to_;
};

TEST_F(PacketPathTest, RoundRobinPerDatagramIsExact) {
  upstream().affinity = Affinity::kNone;
  for (std::size_t i = 0; i < 4; ++i) upstream().peers[i].weight = static_cast<std::int64_t>(i + 1);
  Rig rig;
  rig.Load(config_);
  for (int i = 0; i < 200; ++i) Send(client_);
  EXPECT_EQ(Counts(200), (std::vector<int>{20, 40, 60, 80}));
  EXPECT_TRUE(rig.Conserves(200));
}

TEST_F(PacketPathTest, RoundRobinKeepsItsTurnOverReloads) {
  upstream().affinity = Affinity::kNone;
  Rig rig;
  rig.Load(config_);
  for (int round = 0; round < 8; ++round) {
    Send(client_);
    ASSERT_TRUE(rig.Conserves(static_cast<std::uint64_t>(round + 1)));
    rig.Load(config_);
  }
  EXPECT_EQ(Counts(8), (std::vector<int>{2, 2, 2, 2}));
}

TEST_F(PacketPathTest, AFlowKeepsItsPeer) {
  Rig rig;
  rig.Load(config_);
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(BoundSocket(At("127.0.0.1:0")));
  for (int round = 0; round < 10; ++round)
    for (const UniqueFd& client : clients) Send(client);
  EXPECT_EQ(Counts(80), (std::vector<int>{20, 20, 20, 20})) << "two clients each, all their way";
  EXPECT_TRUE(rig.Conserves(80));
}

TEST_F(PacketPathTest, AFlowLeavesAPeerThatIsUnusableOrMoved) {
  upstream().health_check.emplace();
  upstream().peers.resize(2);
  Rig rig;
  rig.Load(config_);
  Exchange(client_, to_, peers_[0]);
  const auto health = rig.snapshot().peers[0].health;
  health->passing = false;
  rig.Publish();
  Exchange(client_, to_, peers_[1]);
  health->passing = true;
  rig.Publish();
  Exchange(client_, to_, peers_[1]);  // and stays where it went
  upstream().peers[1].draining = true;
  rig.Load(config_);
  Exchange(client_, to_, peers_[1]);  // drain: Keep
  upstream().drain = config::Drain::kMove;
  rig.Load(config_);
  Exchange(client_, to_, peers_[0]);
  EXPECT_TRUE(rig.Conserves(5));
}

std::string Conv(std::uint32_t number) {
  std::string text(24, '\0');
  for (std::size_t i = 0; i < 4; ++i) text[i] = static_cast<char>(number >> (8 * i));
  return text;
}

TEST_F(PacketPathTest, ConversationsOfOneClientPortReachTheirPeers) {
  upstream().algorithm = Algorithm::kConsistentHash;
  upstream().hash_key = {config::KeySource::kPayload, 0, 4};
  Rig rig;
  rig.Load(config_);
  std::map<std::uint32_t, std::size_t> owner;
  for (int round = 0; round < 50; ++round) {
    for (std::uint32_t conv = 1; conv <= 20; ++conv) {
      Send(client_, Conv(conv));
      std::size_t got = peers_.size();
      ASSERT_TRUE(Eventually([&] {
        for (std::size_t i = 0; i < peers_.size() && got == peers_.size(); ++i)
          if (const auto datagram = ReceiveFrom(peers_[i].get(), 0)) {
            EXPECT_EQ(datagram->text, Conv(conv));
            got = i;
          }
        return got != peers_.size();
      }));
      ASSERT_EQ(owner.try_emplace(conv, got).first->second, got) << "conv " << conv;
    }
  }
  std::map<std::size_t, int> spread;
  for (const auto& [conv, peer] : owner) ++spread[peer];
  EXPECT_GE(spread.size(), 2u);
  EXPECT_TRUE(rig.Conserves(1000));
}

TEST_F(PacketPathTest, KeyAffinityKeepsConversationsWhenAPeerIsAdded) {
  upstream().algorithm = Algorithm::kConsistentHash;
  upstream().hash_key = {config::KeySource::kPayload, 0, 4};
  upstream().affinity = Affinity::kKey;
  const config::Peer last = upstream().peers.back();
  upstream().peers.pop_back();
  Rig rig(2);
  rig.Load(config_);
  constexpr int kConvs = 60;
  for (int conv = 0; conv < kConvs; ++conv) Send(client_, Conv(static_cast<std::uint32_t>(conv)));
  const auto before = Counts(kConvs);
  upstream().peers.push_back(last);
  rig.Load(config_);
  // From another client: the key's conversation, not the client's.
  const UniqueFd other = BoundSocket(At("127.0.0.1:0"));
  for (int conv = 0; conv < kConvs; ++conv) Send(other, Conv(static_cast<std::uint32_t>(conv)));
  EXPECT_EQ(Counts(kConvs), before);
  for (int conv = 1000; conv < 1100; ++conv) Send(other, Conv(static_cast<std::uint32_t>(conv)));
  EXPECT_GT(Counts(100)[3], 0) << "new conversations use it";
  EXPECT_TRUE(rig.Conserves(2 * kConvs + 100));
}

TEST_F(PacketPathTest, EveryDropHasItsReason) {
  config_.upstreams.push_back(MakeUpstream("empty", {}));
  config_.upstreams.push_back(MakeUpstream("keyed", {PeerAt(peers_[0])}));
  config_.upstreams[2].algorithm = Algorithm::kConsistentHash;
  config_.upstreams[2].hash_key = {config::KeySource::kPayload, 0, 8};
  config::Listener& l = config_.listeners[0];
  l.default_upstream = "deny";
  l.max_datagram_bytes = 512;
  const auto first_byte = [](const char* value) {
    return std::vector<config::Condition>{{0, 1, config::Operator::kEqual, value}};
  };
  l.rules = {{"d", first_byte("0x64"), "deny"},
             {"e", first_byte("0x65"), "empty"},
             {"k", first_byte("0x6b"), "keyed"},
             {"u", first_byte("0x75"), "u"}};
  Rig rig;
  rig.Load(config_);
  struct Case {
    std::string text;
    std::optional<UpDrop> drop;
  };
  const std::vector<Case> cases = {{"d", UpDrop::kDenied},
                                   {"x", UpDrop::kNoMatch},
                                   {"", UpDrop::kNoMatch},
                                   {"e", UpDrop::kNoPeer},
                                   {"k", UpDrop::kShortKey},
                                   {"k234567", UpDrop::kShortKey},
                                   {std::string(513, 'u'), UpDrop::kTruncated},
                                   {std::string(512, 'u'), std::nullopt},
                                   {"k2345678", std::nullopt}};
  std::map<UpDrop, std::uint64_t> expected;
  for (const Case& c : cases) {
    Send(client_, c.text);
    if (c.drop) ++expected[*c.drop];
  }
  EXPECT_TRUE(rig.Conserves(cases.size()));
  for (std::size_t i = 0; i < runtime::kUpDropNames.size(); ++i)
    EXPECT_EQ(rig.Dropped("l", static_cast<UpDrop>(i)), expected[static_cast<UpDrop>(i)])
        << runtime::kUpDropNames[i];
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.upstream_out.bytes.Get(); }), 520u);
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.sessions_created.Get(); }), 1u)
      << "drops make no sessions, and both upstreams chose one peer";
}

TEST_F(PacketPathTest, ClientsAreLetInOrNot) {
  config_.listeners[0].deny = {"127.0.0.2/32"};
  config_.listeners[0].rate_limit = config::SourceRate{1, 3};
  Rig rig;
  rig.Load(config_);
  const UniqueFd refused = BoundSocket(At("127.0.0.2:0"));
  const UniqueFd other = BoundSocket(At("127.0.0.3:0"));
  for (int i = 0; i < 5; ++i) {
    Send(client_);
    Send(refused);
  }
  Send(other);
  EXPECT_TRUE(rig.Conserves(11));
  EXPECT_EQ(rig.Dropped("l", UpDrop::kNotAllowed), 5u);
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.sessions_created.Get(); }), 2u);
  // The test may have taken a second or more over it.
  EXPECT_GE(rig.Dropped("l", UpDrop::kRateLimited), 1u);
  EXPECT_LE(rig.Dropped("l", UpDrop::kRateLimited), 2u);
}

TEST_F(PacketPathTest, SessionLimits) {
  config_.listeners[0].session.max_sessions = 2;
  config_.listeners[0].session.max_sessions_per_source = 1;
  Rig rig;
  rig.Load(config_);
  Send(client_);
  ASSERT_TRUE(rig.Conserves(1));
  Send(BoundSocket(At("127.0.0.1:0")));
  ASSERT_TRUE(rig.Conserves(2));
  EXPECT_EQ(rig.Dropped("l", UpDrop::kSourceLimit), 1u);
  // Three sources in a table of two: the embryonic ones go.
  for (const char* ip : {"127.0.0.2:0", "127.0.0.3:0"}) Send(BoundSocket(At(ip)));
  EXPECT_TRUE(rig.Conserves(4));
  EXPECT_EQ(rig.Dropped("l", UpDrop::kSessionLimit), 0u);
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.sessions_ended[1].Get(); }), 1u);
}

TEST_F(PacketPathTest, AClosedPeerCostsTheOthersLittle) {
  upstream().affinity = Affinity::kNone;
  upstream().peers.resize(2);
  peers_[0].reset();  // its port is closed: every datagram there is answered by ICMP
  Rig rig;
  rig.Load(config_);
  constexpr int kSent = 400;
  for (int i = 0; i < kSent; ++i) Send(client_);
  ASSERT_TRUE(rig.Conserves(kSent));
  int got = 0;
  while (ReceiveFrom(peers_[1].get(), 0)) ++got;
  // The error of one peer's datagram fails another's send, which is then sent again; only where a
  // second error overtakes that is it lost, and counted.
  EXPECT_GE(got, kSent / 2 * 9 / 10);
  EXPECT_LE(got, kSent / 2);
  EXPECT_GE(static_cast<std::uint64_t>(got) + rig.Dropped("l", UpDrop::kSendError), kSent / 2);
}

// A namespace of its own, where nothing but loopback is reachable.
bool EnterEmptyNetwork() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

TEST_F(PacketPathTest, UnreachablePeersAreTriedPast) {
  bool entered = false;
  std::thread inside([&] {
    entered = EnterEmptyNetwork();
    if (!entered) return;
    // One session fits: that of the unreachable peer goes for that of the next pick.
    for (const std::uint64_t max_sessions : {std::uint64_t{1}, std::uint64_t{100}}) {
      const UniqueFd client = BoundSocket(At("127.0.0.1:0"));
      const UniqueFd alive = BoundSocket(At("127.0.0.1:0"));
      config::ProxyConfig config;
      config.upstreams = {MakeUpstream("u", {{"10.1.2.3", 9, 1, false}, PeerAt(alive)})};
      config.upstreams[0].affinity = Affinity::kNone;
      config.listeners = {MakeListener("l", "127.0.0.1", "u")};
      Rig rig(1, max_sessions);
      rig.Load(config);
      for (int i = 0; i < 6; ++i) {
        ASSERT_TRUE(SendTo(client.get(), ListenerAddress(config.listeners[0]), "x"));
        const auto request = ReceiveFrom(alive.get());
        ASSERT_TRUE(request);
        ASSERT_TRUE(SendTo(alive.get(), request->source, "y"));
        ASSERT_TRUE(ReceiveFrom(client.get())) << "session " << i << " of " << max_sessions;
        if (max_sessions == 1) break;  // it was replied to: it stays
      }
      EXPECT_TRUE(rig.Conserves(max_sessions == 1 ? 1 : 6));
      EXPECT_EQ(rig.Dropped("l", UpDrop::kSendError), 0u);
    }
  });
  inside.join();
  if (!entered) GTEST_SKIP() << "needs the right to make a network namespace";
}

// One peer in two upstreams of a listener is one destination: it sees one port of a client,
// whatever the rule, and each upstream keeps its own Flow.
TEST_F(PacketPathTest, UpstreamsThatShareAPeerShareItsSession) {
  upstream().peers.resize(1);
  config_.upstreams.push_back(MakeUpstream("v", {PeerAt(peers_[0])}));
  config_.listeners[0].rules = {{"to-v", {{0, 1, config::Operator::kEqual, "0x76"}}, "v"}};
  Rig rig;
  rig.Load(config_);
  std::vector<config::SocketAddress> seen;
  for (const char* text : {"u1", "v1", "u2", "v2"})
    seen.push_back(Exchange(client_, to_, peers_[0], text));
  EXPECT_EQ(std::count(seen.begin(), seen.end(), seen[0]), 4);
  EXPECT_EQ(rig.Sum("l", [](const auto& c) { return c.sessions_created.Get(); }), 1u);
  config_.upstreams[0].peers = {PeerAt(peers_[1]), PeerAt(peers_[0])};
  config_.upstreams[1].peers = {PeerAt(peers_[1]), PeerAt(peers_[0])};
  rig.Load(config_);
  for (const char* text : {"u3", "v3"}) EXPECT_EQ(Exchange(client_, to_, peers_[0], text), seen[0]);
  EXPECT_TRUE(rig.Conserves(6));
}

// A burst arrives as one piece: a Flow is looked up once for neighbours, but each datagram's bytes
// decide which one.
TEST_F(PacketPathTest, ABurstOfOneClientIsRoutedDatagramByDatagram) {
  upstream().peers.resize(2);
  config_.upstreams.push_back(MakeUpstream("v", {PeerAt(peers_[2]), PeerAt(peers_[3])}));
  config_.listeners[0].rules = {{"to-v", {{0, 1, config::Operator::kEqual, "0x76"}}, "v"}};
  Rig rig;
  rig.Load(config_);
  const int size = 2;
  ASSERT_EQ(::setsockopt(client_.get(), SOL_UDP, UDP_SEGMENT, &size, sizeof size), 0);
  for (int round = 0; round < 3; ++round) Send(client_, "u0u1v2v3u4v5u6u7v");
  const auto read_all = [](const UniqueFd& a, const UniqueFd& b) {
    std::string text;
    Eventually([&] {
      for (const UniqueFd* fd : {&a, &b})
        while (const auto datagram = ReceiveFrom(fd->get(), 0)) text += datagram->text + " ";
      return std::count(text.begin(), text.end(), ' ') >= (text[0] == 'u' ? 15 : 12);
    });
    return text;
  };
  const std::string to_u = "u0 u1 u4 u6 u7 ";
  const std::string to_v = "v2 v3 v5 v ";
  EXPECT_EQ(read_all(peers_[0], peers_[1]), to_u + to_u + to_u);
  EXPECT_EQ(read_all(peers_[2], peers_[3]), to_v + to_v + to_v);
  EXPECT_TRUE(rig.Conserves(27));
}

}  // namespace
}  // namespace stevedore::worker
