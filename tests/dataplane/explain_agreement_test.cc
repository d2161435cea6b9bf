// What explain says of a datagram is what the running workers do with it: random rules, random
// datagrams, real sockets.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "proxy/report/explain.h"
#include "tests/proxy/worker/rig.h"

namespace stevedore::report {
namespace {

using config::Bytes;
using config::Condition;
using worker::BoundSocket;
using worker::Rig;

constexpr int kConfigs = 5;
constexpr int kDatagrams = 2000;  // for each config
constexpr unsigned kPeersOfEach = 3;
constexpr int kLimit = 512;

class ExplainAgreement : public testing::TestWithParam<int> {
 protected:
  std::int64_t Random(std::int64_t first, std::int64_t last) {
    return std::uniform_int_distribution<std::int64_t>(first, last)(random_);
  }
  bool OneIn(int n) { return Random(1, n) == 1; }

  // Few values, so that rules do hold.
  Bytes RandomBytes(std::int64_t size) {
    Bytes bytes;
    for (std::int64_t i = 0; i < size; ++i)
      bytes.push_back(static_cast<std::uint8_t>(OneIn(4) ? Random(0, 255) : Random(0, 3)));
    return bytes;
  }

  Condition RandomCondition() {
    Condition condition;
    condition.start = Random(0, 12);
    condition.end = condition.start + Random(1, 2);
    condition.op = static_cast<config::Operator>(Random(0, 5));
    condition.value = config::FormatHex(RandomBytes(condition.end - condition.start));
    return condition;
  }

  config::Upstream RandomUpstream(const std::string& name) {
    auto upstream = worker::MakeUpstream(name, {});
    for (unsigned i = 0; i < kPeersOfEach; ++i) {
      peers_.push_back(BoundSocket(worker::At("127.0.0.1:0")));
      upstream.peers.push_back(worker::PeerAt(peers_.back(), Random(1, 5)));
      upstream.peers.back().draining = OneIn(6);
    }
    upstream.algorithm = config::Algorithm::kConsistentHash;
    upstream.hash_key.emplace();
    upstream.hash_key->start = Random(0, 8);
    upstream.hash_key->end = upstream.hash_key->start + Random(1, 8);
    return upstream;
  }

  config::ProxyConfig RandomConfig() {
    config::ProxyConfig config;
    config.hash_seed = static_cast<std::uint64_t>(Random(0, 1 << 30));
    std::vector<std::string> names = {"deny"};
    for (int i = 0; i < 4; ++i) {
      names.push_back("u" + std::to_string(i));
      config.upstreams.push_back(RandomUpstream(names.back()));
    }
    auto listener = worker::MakeListener("l", "127.0.0.1", OneIn(3) ? "deny" : "u0");
    listener.max_datagram_bytes = kLimit;
    if (OneIn(2)) listener.allow = {"127.0.0.0/30", "::/0"};
    if (OneIn(2)) listener.deny = {"127.0.0." + std::to_string(Random(1, 3)) + "/32"};
    for (int i = 0; i < 12; ++i) {
      config::Rule rule;
      rule.name = "r" + std::to_string(i);
      rule.upstream = names[static_cast<std::size_t>(Random(0, 4))];
      for (std::int64_t n = Random(1, 3); n != 0; --n) rule.match.push_back(RandomCondition());
      listener.rules.push_back(rule);
    }
    config.listeners = {listener};
    return config;
  }

  // Waits until the datagram was forwarded or dropped; worker::Eventually would sleep for too long.
  bool Counted(const Rig& rig) const {
    const MonotonicClock clock;
    for (const Nanos end = clock.Now() + std::chrono::seconds(10); clock.Now() < end;) {
      const auto done = rig.Sum("l", [](const runtime::ListenerCounters& c) {
        std::uint64_t sum = c.upstream_out.datagrams.Get();
        for (const auto& drop : c.up_drops) sum += drop.Get();
        return sum;
      });
      if (done == sent_) return true;
      std::this_thread::yield();
    }
    return false;
  }

  // What became of one datagram, in the words of explain.
  std::string Observe(Rig& rig) {
    ++sent_;
    if (!Counted(rig)) return "nothing";
    for (std::size_t i = 0; i < runtime::kUpDropNames.size(); ++i) {
      const auto now = rig.Dropped("l", static_cast<runtime::UpDrop>(i));
      if (now != std::exchange(drops_[i], now))
        return std::string("drop ") + runtime::kUpDropNames[i];
    }
    for (const UniqueFd& peer : peers_) {
      std::uint8_t bytes[kLimit];
      if (::recv(peer.get(), bytes, sizeof bytes, MSG_DONTWAIT) >= 0)
        return "peer " + worker::LocalAddress(peer.get()).ToString();
    }
    return "nobody";
  }

  std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
  std::vector<UniqueFd> peers_;
  std::uint64_t sent_ = 0;
  std::map<std::size_t, std::uint64_t> drops_;
};

TEST_P(ExplainAgreement, WithTheRunningWorkers) {
  const config::ProxyConfig config = RandomConfig();
  auto validated = config::Validate(config);
  ASSERT_TRUE(std::holds_alternative<config::ValidConfig>(validated))
      << std::get<config::FieldErrors>(validated).front().message;
  const auto& valid = std::get<config::ValidConfig>(validated);
  runtime::Registry registry(1);
  runtime::SnapshotBuilder builder(registry);
  const std::vector<config::IpAddress> no_addresses;
  builder.Register({valid, no_addresses, Nanos(0)});
  const auto snapshot = builder.Build({valid, no_addresses, Nanos(0)});

  Rig rig;
  rig.Load(config);
  std::vector<UniqueFd> clients;
  for (const char* address : {"127.0.0.1:0", "127.0.0.2:0", "127.0.0.5:0"})
    clients.push_back(BoundSocket(worker::At(address)));
  std::map<std::string, int> verdicts;
  for (int i = 0; i < kDatagrams; ++i) {
    const Bytes payload = RandomBytes(OneIn(50)  ? Random(kLimit, kLimit + 1)
                                      : OneIn(3) ? Random(0, 16)
                                                 : Random(8, 24));
    const UniqueFd& client = clients[static_cast<std::size_t>(Random(0, 2))];
    const auto said = Explain(*snapshot, valid,
                              {static_cast<std::uint16_t>(config.listeners[0].port), payload,
                               worker::LocalAddress(client.get())});
    ASSERT_TRUE(said);
    ASSERT_TRUE(worker::SendTo(client.get(), worker::ListenerAddress(config.listeners[0]),
                               std::string(payload.begin(), payload.end())));
    const std::string seen = Observe(rig);
    ASSERT_TRUE(said->ends_with("\nverdict: " + seen + "\n")) << seen << "\n" << *said;
    ++verdicts[seen];
  }
  EXPECT_GE(verdicts.size(), 6u) << "the datagrams took too few ways";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExplainAgreement, testing::Range(1, 1 + kConfigs));

}  // namespace
}  // namespace stevedore::report
