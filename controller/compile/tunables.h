// Tunables of a listener: applying those of the port's owner, comparing those of others.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/compile/route_model.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

// The listener with every tunable that is set; the others keep their value.
config::Listener WithTunables(config::Listener listener, const Tunables& tunables);
// The fields ("session.maxSessions") that are set to another value than the listener has.
std::vector<std::string> Differences(const Tunables& tunables, const config::Listener& listener);

}  // namespace stevedore::compile
