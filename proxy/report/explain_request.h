// What people type to have one datagram explained, taken apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/report/explain.h"

namespace stevedore::report {

// The client that is taken when none is named: an address for documentation (RFC 5737).
inline constexpr const char* kAnyClient = "192.0.2.1:40000";

// `port`: of a listener. `hex`: the payload, with or without "0x", white space is skipped.
// `client`: "ADDR:PORT". Errors name what is wrong and what would be right, by the names
// "listener", "hex", "client".
Result<ExplainRequest> ParseExplainRequest(const std::string& port, const std::string& hex,
                                           const std::string& client);

}  // namespace stevedore::report
