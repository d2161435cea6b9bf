// A valid config for tests to bend.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "proxy/config/model.h"
#include "proxy/config/validate.h"

namespace stevedore::config {

inline Condition SampleCondition() { return {4, 6, Operator::kEqual, "0x0001"}; }

// One listener with one rule to the upstream "a", which hashes and probes.
inline ProxyConfig SampleConfig() {
  Listener listener;
  listener.name = "game/2614";
  listener.port = 2614;
  listener.rules = {{"v1", {SampleCondition()}, "a"}};
  Upstream upstream;
  upstream.name = "a";
  upstream.algorithm = Algorithm::kConsistentHash;
  upstream.hash_key = HashKey{KeySource::kPayload, 0, 4};
  upstream.health_check = HealthCheck{};
  upstream.peers = {{"10.0.0.2", 2345, 1, false}, {"2001:db8::2", 2345, 2, true}};
  upstream.backup_peers = {{"10.0.0.9", 2345, 1, false}};
  return {7, {"203.0.113.5"}, {listener}, {upstream}};
}

// All errors of Validate(), a line each as ToString() gives; empty for a valid config.
inline std::string ErrorsOf(const ProxyConfig& config) {
  auto checked = Validate(config);
  std::string text;
  if (const auto* errors = std::get_if<FieldErrors>(&checked))
    for (const FieldError& error : *errors) text += ToString(error) + "\n";
  return text;
}

}  // namespace stevedore::config
