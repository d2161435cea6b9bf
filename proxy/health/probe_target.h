// ProbeTarget: one peer of one upstream, and how it is probed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/config/address.h"
#include "proxy/health/probe_state.h"
#include "proxy/runtime/peer_health.h"
#include "proxy/runtime/rule_matcher.h"

namespace stevedore::health {

// How the peers of an upstream are probed. Immutable; shared by its targets.
struct ProbeSpec {
  Nanos period{std::chrono::seconds(5)};
  Nanos timeout{std::chrono::seconds(1)};
  Thresholds thresholds;
  std::vector<std::uint8_t> payload;
  // False: silence is success, an unreachable is failure. True: a reply that `expected` takes.
  bool wants_reply = false;
  runtime::RuleMatcher expected;  // one rule
  bool any_reply_counts = true;   // without conditions `expected` is not asked
};

struct ProbeTarget {
  std::string upstream;
  config::SocketAddress address;
  std::shared_ptr<const ProbeSpec> spec;
  std::shared_ptr<runtime::PeerHealth> health;
};

// A peer whose health changed.
struct ProbeChange {
  std::string upstream;
  config::SocketAddress address;
  bool passing;
};

}  // namespace stevedore::health
