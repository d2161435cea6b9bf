// How many workers this machine, or this container, has processors for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace stevedore::control {

// The CPU quota of this process's control group, in processors; nothing without one. Reads version
// 1 and 2 under `root` ("" is the machine; tests give another).
std::optional<double> CgroupCpus(const std::string& root = "");

// min(processors of the affinity mask, quota rounded up), at least 1.
unsigned DefaultWorkers(const std::string& root = "");

}  // namespace stevedore::control
