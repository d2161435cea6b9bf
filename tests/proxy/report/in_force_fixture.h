// A config in force without workers: registry, builder, and the InForce of what they made.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proxy/report/in_force.h"
#include "proxy/report/traffic_book.h"
#include "proxy/runtime/snapshot_builder.h"
#include "tests/proxy/report/sample.h"

namespace stevedore::report {

class InForceTest : public testing::Test {
 protected:
  // Of two workers, with one listener "game/7000" with a rule, and two upstreams: "game/kcp/a" has
  // peers of weight 1 and 3, one that drains and a backup peer, and probes by replies; "plain" has
  // one peer.
  static constexpr const char* kConfig = R"({ "version": 1,
    "listeners": [ { "name": "game/7000", "address": "127.0.0.1", "port": 7000,
      "defaultUpstream": "plain", "rules": [
        { "name": "game/kcp/v1", "upstream": "game/kcp/a",
          "match": [ { "start": 0, "end": 1, "operator": "==", "value": "0x01" },
                     { "start": 4, "end": 6, "operator": "&=", "value": "0x0001" } ] } ] } ],
    "upstreams": [
      { "name": "game/kcp/a", "algorithm": "ConsistentHash", "hashKey": { "start": 0, "end": 1 },
        "healthCheck": { "expect": "Reply" },
        "peers": [ { "address": "10.0.0.1", "port": 5 },
                   { "address": "10.0.0.2", "port": 5, "weight": 3 },
                   { "address": "10.0.0.3", "port": 5, "draining": true } ],
        "backupPeers": [ { "address": "fd00::9", "port": 6 } ] },
      { "name": "plain", "peers": [ { "address": "10.0.1.1", "port": 5 } ] } ] })";

  InForce Load(const std::string& text = kConfig) {
    config_.emplace(Valid(text));
    builder_.Register({*config_, {}, Nanos{0}});
    return Build();
  }
  // Again, with the peers' health of now.
  InForce Build() {
    InForce in_force;
    in_force.config = config_;
    in_force.snapshot = builder_.Build({*config_, {}, Nanos{0}});
    in_force.reloads = 1;
    in_force.applied_at = 1'000;
    in_force.sessions_limit = 4096;
    in_force.status.digest = "abcd";
    in_force.status.last_attempt.applied = true;
    book_.SetSnapshot(in_force.snapshot);
    return in_force;
  }
  runtime::PeerHealth& Health(const std::string& upstream, const std::string& address) {
    return *registry_.peers.entries()
                .at({upstream, *config::SocketAddress::Parse(address)})
                .value.health;
  }

  runtime::Registry registry_{2};
  runtime::SnapshotBuilder builder_{registry_};
  std::optional<config::ValidConfig> config_;
  TrafficBook book_;
};

}  // namespace stevedore::report
