#include <gtest/gtest.h>

#include <random>

#include "proxy/config/json_codec.h"
#include "tests/proxy/config/sample.h"

namespace stevedore::config {
namespace {

// Configs of every shape that the model can hold, sensible or not.
class RandomConfig {
 public:
  explicit RandomConfig(unsigned seed) : engine_(seed) {}

  ProxyConfig Make() {
    ProxyConfig config;
    config.hash_seed = (static_cast<std::uint64_t>(engine_()) << 32) | engine_();
    Fill(config.own_addresses, [&] { return Text(); });
    Fill(config.listeners, [&] { return MakeListener(); });
    Fill(config.upstreams, [&] { return MakeUpstream(); });
    return config;
  }

 private:
  int Below(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }
  bool Coin() { return Below(2) == 0; }
  std::int64_t Number() {
    static constexpr std::int64_t kEdges[] = {
        0, 1, -1, 65535, 9223372036854775807, -9223372036854775807};
    return Coin() ? Below(100000) : kEdges[Below(6)];
  }
  std::string Text() {
    static const char* const kTexts[] = {"",         "a",        "game/kcp/v1", "\"quoted\\\"",
                                         "\n\t\x01", "\xc3\xa4", "0x01",        "// no comment",
                                         "10.0.0.1", "::"};
    return kTexts[Below(10)];
  }
  template <class T, class MakeOne>
  void Fill(std::vector<T>& list, MakeOne make) {
    for (int count = Below(4); count > 0; --count) list.push_back(make());
  }
  Condition MakeCondition() {
    return {Number(), Number(), static_cast<Operator>(Below(6)), Text()};
  }
  Peer MakePeer() { return {Text(), Number(), Number(), Coin()}; }
  Rule MakeRule() {
    Rule rule{Text(), {}, Text()};
    Fill(rule.match, [&] { return MakeCondition(); });
    return rule;
  }
  Listener MakeListener() {
    Listener listener;
    listener.name = Text();
    listener.address = Text();
    listener.port = Number();
    listener.max_datagram_bytes = Number();
    listener.max_tries = Number();
    listener.default_upstream = Text();
    Fill(listener.allow, [&] { return Text(); });
    Fill(listener.deny, [&] { return Text(); });
    if (Coin()) listener.rate_limit = SourceRate{Number(), Number()};
    listener.session = {Number(), Number(), Number(), Number(), Number(), Number()};
    Fill(listener.rules, [&] { return MakeRule(); });
    return listener;
  }
  Upstream MakeUpstream() {
    Upstream upstream;
    upstream.name = Text();
    upstream.algorithm = static_cast<Algorithm>(Below(2));
    if (Coin()) {
      const auto source = static_cast<KeySource>(Below(3));
      const bool bytes = source == KeySource::kPayload;
      upstream.hash_key = HashKey{source, bytes ? Number() : 0, bytes ? Number() : 0};
    }
    if (Coin()) upstream.affinity = static_cast<Affinity>(Below(3));
    upstream.drain = static_cast<Drain>(Below(2));
    if (Coin()) upstream.drain_timeout_seconds = Number();
    upstream.when_none_usable = static_cast<WhenNoneUsable>(Below(2));
    if (Coin()) {
      upstream.health_check = HealthCheck{
          Number(), Number(), Number(), Number(), Text(), static_cast<Expect>(Below(2)), {}};
      Fill(upstream.health_check->expect_bytes, [&] { return MakeCondition(); });
    }
    Fill(upstream.peers, [&] { return MakePeer(); });
    Fill(upstream.backup_peers, [&] { return MakePeer(); });
    return upstream;
  }

  std::mt19937 engine_;
};

TEST(Encode, IsReadBackEqualAndStable) {
  for (unsigned seed = 0; seed < 500; ++seed) {
    ProxyConfig config = RandomConfig(seed).Make();
    const std::string text = Encode(config);
    const Decoded decoded = Decode(text);
    ASSERT_TRUE(decoded.errors.empty()) << ToString(decoded.errors.front()) << "\n" << text;
    for (Upstream& upstream : config.upstreams) upstream.affinity = EffectiveAffinity(upstream);
    ASSERT_EQ(decoded.config, config) << text;
    ASSERT_EQ(Encode(decoded.config), text);
  }
}

TEST(Encode, WritesEveryFieldInOrder) {
  ProxyConfig config;
  config.upstreams.emplace_back().name = "u";
  EXPECT_EQ(Encode(config), R"({
  "version": 1,
  "hashSeed": 0,
  "ownAddresses": [],
  "listeners": [],
  "upstreams": [
    {
      "name": "u",
      "algorithm": "RoundRobin",
      "affinity": "Flow",
      "drain": "Keep",
      "whenNoneUsable": "FailOpen",
      "peers": [],
      "backupPeers": []
    }
  ]
}
)");
}

TEST(Encode, SurvivesBytesThatAreNoUtf8) {
  ProxyConfig config = SampleConfig();
  config.listeners[0].name = "\xff";
  EXPECT_TRUE(Decode(Encode(config)).errors.empty());
}

}  // namespace
}  // namespace stevedore::config
