// What a proxy would answer, and how a test waits for it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "proxy/base/file.h"
#include "proxy/config/digest.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/status.h"

namespace stevedore {

// Polls until the condition holds; false after 20 s.
inline bool WaitUntil(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

// The config in a file; nothing while there is none.
inline std::optional<config::ProxyConfig> ConfigIn(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text) return std::nullopt;
  config::Decoded decoded = config::Decode(*text);
  if (!decoded.errors.empty()) return std::nullopt;
  return std::move(decoded.config);
}

// The answer of a proxy that runs the config, every listener bound and every peer healthy.
inline config::ProxyStatus AnswerTo(const config::ProxyConfig& config) {
  config::ProxyStatus status;
  status.digest = config::Digest(config);
  status.last_attempt = {status.digest, true, {}};
  for (const config::Listener& listener : config.listeners)
    status.listeners.push_back({listener.name, true, ""});
  for (const config::Upstream& upstream : config.upstreams) {
    const int peers = static_cast<int>(upstream.peers.size());
    status.upstreams.push_back({upstream.name, peers, peers, peers, 0, peers, false});
  }
  return status;
}

}  // namespace stevedore
