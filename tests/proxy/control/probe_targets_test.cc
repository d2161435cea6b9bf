#include "proxy/control/probe_targets.h"

#include <gtest/gtest.h>

#include "proxy/runtime/snapshot_builder.h"
#include "tests/proxy/report/sample.h"

namespace stevedore::control {
namespace {

using std::chrono::seconds;

constexpr const char* kConfig = R"({ "version": 1,
  "listeners": [ { "name": "a", "port": 7000 }, { "name": "b", "port": 65535 } ],
  "upstreams": [
    { "name": "plain", "peers": [ { "address": "10.0.0.1", "port": 5 } ] },
    { "name": "silent", "healthCheck": {},
      "peers": [ { "address": "10.0.0.1", "port": 5 },
                 { "address": "10.0.0.2", "port": 5, "draining": true } ],
      "backupPeers": [ { "address": "fd00::9", "port": 6 } ] },
    { "name": "reply",
      "healthCheck": { "periodSeconds": 9, "timeoutSeconds": 4, "successThreshold": 2,
        "failureThreshold": 5, "payload": "0x0102", "expect": "Reply",
        "expectBytes": [ { "start": 0, "end": 1, "operator": "==", "value": "0x07" } ] },
      "peers": [ { "address": "10.0.0.3", "port": 5 } ] } ] })";

class ProbeTargetsTest : public testing::Test {
 protected:
  ProbeTargetsTest() {
    runtime::SnapshotBuilder(registry_).Register({config_, {}, Nanos{0}});
    targets_ = ProbeTargets(config_, registry_);
  }
  const config::ValidConfig config_ = Valid(kConfig);
  runtime::Registry registry_{1};
  std::vector<health::ProbeTarget> targets_;
};

TEST_F(ProbeTargetsTest, AreThePeersOfUpstreamsWithAHealthCheck) {
  std::vector<std::string> names;
  for (const auto& target : targets_)
    names.push_back(target.upstream + " " + target.address.ToString());
  EXPECT_EQ(names, (std::vector<std::string>{"silent 10.0.0.1:5", "silent 10.0.0.2:5",
                                             "silent [fd00::9]:6", "reply 10.0.0.3:5"}));
  for (const auto& target : targets_)
    EXPECT_EQ(target.health,
              registry_.peers.entries().at({target.upstream, target.address}).value.health);
}

TEST_F(ProbeTargetsTest, HaveTheDefaultsOfTheConfig) {
  const health::ProbeSpec& spec = *targets_[0].spec;
  EXPECT_EQ(spec.period, seconds(5));
  EXPECT_EQ(spec.timeout, seconds(1));
  EXPECT_EQ(spec.thresholds.success, 1u);
  EXPECT_EQ(spec.thresholds.failure, 3u);
  EXPECT_EQ(std::string(spec.payload.begin(), spec.payload.end()), "heartbeat");
  EXPECT_FALSE(spec.wants_reply);
  EXPECT_TRUE(spec.any_reply_counts);
  EXPECT_EQ(targets_[0].spec, targets_[2].spec) << "shared by the peers of an upstream";
}

TEST_F(ProbeTargetsTest, SayWhatReplyIsWanted) {
  const health::ProbeSpec& spec = *targets_[3].spec;
  EXPECT_EQ(spec.period, seconds(9));
  EXPECT_EQ(spec.timeout, seconds(4));
  EXPECT_EQ(spec.thresholds.success, 2u);
  EXPECT_EQ(spec.thresholds.failure, 5u);
  EXPECT_EQ(spec.payload, (std::vector<std::uint8_t>{1, 2}));
  EXPECT_TRUE(spec.wants_reply);
  EXPECT_FALSE(spec.any_reply_counts);
  const std::uint8_t good[] = {7, 1};
  const std::uint8_t bad[] = {8, 1};
  EXPECT_EQ(spec.expected.Find(good), 0);
  EXPECT_NE(spec.expected.Find(bad), 0);
}

TEST_F(ProbeTargetsTest, PortsAreThoseOfTheListeners) {
  const health::Ports ports = ListenerPorts(config_);
  EXPECT_EQ(ports.count(), 2u);
  EXPECT_TRUE(ports.test(7000));
  EXPECT_TRUE(ports.test(65535));
}

}  // namespace
}  // namespace stevedore::control
