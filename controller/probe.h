// What the container's start-up and liveness probes ask: process 1, and never its child.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace stevedore {

// Is this process there, and neither stopped nor dead?
bool IsRunning(pid_t pid);

}  // namespace stevedore
