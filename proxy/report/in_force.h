// InForce: the config that the proxy runs, the snapshot made of it, and how loading goes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "proxy/config/status.h"
#include "proxy/config/validate.h"
#include "proxy/runtime/snapshot.h"

namespace stevedore::report {

// Value. `config` and `snapshot` belong together: both are there or neither.
struct InForce {
  std::optional<config::ValidConfig> config;  // nothing before the first
  std::shared_ptr<const runtime::Snapshot> snapshot;
  config::ProxyStatus status;
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  double applied_at = 0;  // Unix time of the last good load; 0 = never
  std::uint64_t sessions_limit = 0;
};

}  // namespace stevedore::report
