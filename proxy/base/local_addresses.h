// The addresses of this machine or pod: a peer there on a listener's port would be a loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "proxy/base/result.h"

namespace stevedore {

// Every address of every interface of this network namespace, each once, sorted; 16 bytes in
// network order, IPv4 as ::ffff:a.b.c.d. Errors: the kernel does not tell. Thread: any.
Result<std::vector<std::array<std::uint8_t, 16>>> LocalAddresses();

}  // namespace stevedore
