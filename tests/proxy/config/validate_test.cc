#include "proxy/config/validate.h"

#include <gtest/gtest.h>

#include <functional>

#include "proxy/config/limits.h"
#include "tests/proxy/config/sample.h"

namespace stevedore::config {
namespace {

struct Case {
  std::function<void(ProxyConfig&)> bend;
  const char* errors;
};

void ExpectErrors(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    ProxyConfig config = SampleConfig();
    c.bend(config);
    EXPECT_EQ(ErrorsOf(config), c.errors);
  }
}

void AddListener(ProxyConfig& config, const char* address, std::int64_t port) {
  Listener& listener = config.listeners.emplace_back();
  listener.name = "other";
  listener.address = address;
  listener.port = port;
}

TEST(Validate, GivesTheConfigThatItTook) {
  auto checked = Validate(SampleConfig());
  ASSERT_TRUE(std::holds_alternative<ValidConfig>(checked));
  EXPECT_EQ(*std::get<ValidConfig>(checked), SampleConfig());
  EXPECT_EQ(ErrorsOf(ProxyConfig()), "");
}

TEST(Validate, ListenersDoNotCollide) {
  ExpectErrors({
      {[](ProxyConfig& c) { AddListener(c, "::", 2615); }, ""},
      {[](ProxyConfig& c) { AddListener(c, "10.0.0.1", 2614); }, ""},
      {[](ProxyConfig& c) { AddListener(c, "::", 2614); },
       "listeners[1].port: [::]:2614: taken by listener \"game/2614\": address and port must be "
       "unique\n"},
      {[](ProxyConfig& c) { AddListener(c, "0.0.0.0", 2614); },
       "listeners[1].port: 0.0.0.0:2614: taken by listener \"game/2614\": address and port must be "
       "unique\n"},
      {[](ProxyConfig& c) {
         c.listeners[0].address = "10.0.0.1";
         AddListener(c, "10.0.0.1", 2614);
       },
       "listeners[1].port: 10.0.0.1:2614: taken by listener \"game/2614\": address and port must "
       "be unique\n"},
      {[](ProxyConfig& c) {
         AddListener(c, "::", 2615);
         c.listeners[1].name = "game/2614";
       },
       "listeners[1].name: \"game/2614\": also the name of entry 0: names in listeners must be "
       "unique\n"},
  });
}

TEST(Validate, UpstreamNamesAreUniqueAndNotReserved) {
  ExpectErrors({
      {[](ProxyConfig& c) { c.upstreams.push_back(c.upstreams[0]); },
       "upstreams[1].name: \"a\": also the name of entry 0: names in upstreams must be unique\n"},
      {[](ProxyConfig& c) { c.upstreams.emplace_back().name = "deny"; },
       "upstreams[1].name: \"deny\": is reserved: it means to drop\n"},
      {[](ProxyConfig& c) { c.upstreams.emplace_back(); },
       "upstreams[1].name: \"\": must not be empty\n"},
  });
}

TEST(Validate, PeersAreNotThisProxy) {
  ExpectErrors({
      {[](ProxyConfig& c) {
         c.upstreams[0].backup_peers[0] = {"127.0.0.1", 2614, 1, false};
       },
       "upstreams[0].backupPeers[0]: 127.0.0.1:2614 is the listener \"game/2614\": datagrams would "
       "loop; name another address or port\n"},
      {[](ProxyConfig& c) {
         c.upstreams[0].peers[0] = {"203.0.113.5", 2614, 1, false};
       },
       "upstreams[0].peers[0]: 203.0.113.5:2614 is one of ownAddresses on the port of a listener: "
       "datagrams would loop; name another address or port\n"},
      {[](ProxyConfig& c) {
         c.upstreams[0].peers[0] = {"203.0.113.5", 2615, 1, false};
       },
       ""},
  });
}

TEST(Validate, OwnAddressesAreAddresses) {
  ExpectErrors({
      {[](ProxyConfig& c) {
         c.own_addresses = {"203.0.113.5", "::"};
       },
       "ownAddresses[1]: \"::\" is no single address: must be a unicast address\n"},
  });
}

TEST(Validate, CountsListenersAndUpstreams) {
  ProxyConfig config;
  for (std::size_t i = 0; i <= kMaxListeners; ++i) {
    Listener& listener = config.listeners.emplace_back();
    listener.name = "l" + std::to_string(i);
    listener.port = static_cast<std::int64_t>(i + 1);
  }
  for (std::size_t i = 0; i <= kMaxUpstreams; ++i)
    config.upstreams.emplace_back().name = "u" + std::to_string(i);
  EXPECT_EQ(ErrorsOf(config),
            "upstreams: 16385 entries: must be at most 16384\n"
            "listeners: 10001 entries: must be at most 10000\n");
}

TEST(Validate, ReportsEveryError) {
  ProxyConfig config = SampleConfig();
  config.listeners[0].port = 0;
  config.listeners[0].rules[0].upstream = "b";
  config.upstreams[0].peers[0].weight = 0;
  auto checked = Validate(config);
  ASSERT_TRUE(std::holds_alternative<FieldErrors>(checked));
  EXPECT_EQ(std::get<FieldErrors>(checked).size(), 3u);
}

TEST(AddressOf, IsWhatTheTextsSay) {
  Listener listener;
  listener.port = 7000;
  EXPECT_EQ(AddressOf(listener).ToString(), "[::]:7000");
  EXPECT_EQ(AddressOf(Peer{"10.0.0.2", 2345}).ToString(), "10.0.0.2:2345");
  EXPECT_EQ(AddressOf(Peer{"fd00::2", 1}).ToString(), "[fd00::2]:1");
}

}  // namespace
}  // namespace stevedore::config
