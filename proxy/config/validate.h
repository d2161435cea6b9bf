// The only validator. Both processes run it: the controller before it writes, the proxy after it
// reads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <variant>

#include "proxy/config/address.h"
#include "proxy/config/field_error.h"
#include "proxy/config/model.h"

namespace stevedore::config {

// A config that holds every promise of the model. Made by Validate() alone; immutable, cheap to
// copy.
class ValidConfig {
 public:
  const ProxyConfig& operator*() const noexcept { return *config_; }
  const ProxyConfig* operator->() const noexcept { return config_.get(); }

 private:
  friend struct ValidConfigMaker;
  explicit ValidConfig(std::shared_ptr<const ProxyConfig> config) noexcept
      : config_(std::move(config)) {}
  std::shared_ptr<const ProxyConfig> config_;
};

// Where a listener or a peer of a valid config is.
SocketAddress AddressOf(const Listener& listener);
SocketAddress AddressOf(const Peer& peer);

// The valid config, or every error with its path (never just the first).
std::variant<ValidConfig, FieldErrors> Validate(ProxyConfig config);

}  // namespace stevedore::config
