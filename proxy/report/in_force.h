// InForce: the config that the proxy runs, the snapshot made of it, and how loading goes; and the
// place where the control thread leaves it for whoever tells of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "proxy/config/status.h"
#include "proxy/config/validate.h"
#include "proxy/runtime/snapshot.h"

namespace stevedore::report {

// Value. `config` and `snapshot` belong together: both are there or neither. Listeners and
// upstreams of `status` stand in the snapshot's order.
struct InForce {
  std::optional<config::ValidConfig> config;  // nothing before the first
  std::shared_ptr<const runtime::Snapshot> snapshot;
  config::ProxyStatus status;
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  double applied_at = 0;  // Unix time of the last good load; 0 = never
  std::uint64_t sessions_limit = 0;
};

// Thread: all members from any thread.
class InForceHolder {
 public:
  void Set(InForce in_force) {
    auto latest = std::make_shared<const InForce>(std::move(in_force));
    const std::lock_guard lock(mutex_);
    latest_ = std::move(latest);
  }
  // Never null.
  std::shared_ptr<const InForce> Get() const {
    const std::lock_guard lock(mutex_);
    return latest_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const InForce> latest_ = std::make_shared<const InForce>();
};

}  // namespace stevedore::report
