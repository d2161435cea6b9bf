// From the config to what the prober probes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "proxy/config/validate.h"
#include "proxy/health/prober.h"
#include "proxy/runtime/registry.h"

namespace stevedore::control {

// One target per peer, backup peers included, of each upstream that has a healthCheck. REQUIRES:
// the config is registered in `registry`.
std::vector<health::ProbeTarget> ProbeTargets(const config::ValidConfig& config,
                                              const runtime::Registry& registry);

// The ports that probes must not hold.
health::Ports ListenerPorts(const config::ValidConfig& config);

}  // namespace stevedore::control
