// The addresses of this machine. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "proxy/base/result.h"
#include "proxy/config/address.h"

namespace stevedore::control {

// Ascending, each once; of interfaces that are up. Errors: the kernel does not tell.
Result<std::vector<config::IpAddress>> LocalAddresses();

}  // namespace stevedore::control
