// ListenerBinder: opens the sockets of listeners, and tries again where that failed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proxy/base/backoff.h"
#include "proxy/base/clock.h"
#include "proxy/config/validate.h"
#include "proxy/runtime/registry.h"

namespace stevedore::control {

// Thread: one (the control thread). Lifetime: `registry` outlives it.
class ListenerBinder {
 public:
  // What happened to one listener.
  struct Event {
    std::string name;
    config::SocketAddress address;
    std::string error;  // empty: bound
    int receive_buffer = 0;
  };

  explicit ListenerBinder(runtime::Registry& registry) noexcept : registry_(registry) {}

  // Opens the sockets of every listener of `config` that has none and whose time has come; a
  // failure is written to its record and touches no other listener. Listeners together take half
  // of the descriptors at most. REQUIRES: the config is registered (SnapshotBuilder::Register).
  std::vector<Event> Bind(const config::ValidConfig& config, Nanos now);
  // When Bind() is to be called again; nothing when all are bound.
  std::optional<Nanos> next_retry() const noexcept;

 private:
  struct Retry {
    Backoff backoff{std::chrono::milliseconds(100), std::chrono::seconds(5)};
    Nanos at{0};
    bool told = false;  // the failure was reported: once is enough until it changes
  };
  runtime::Registry& registry_;
  std::map<config::SocketAddress, Retry> retries_;
};

}  // namespace stevedore::control
