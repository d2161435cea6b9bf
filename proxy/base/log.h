// Logging set-up: one line per event on stderr, text or JSON, "Message key=value ...". Nobody waits
// for who reads it: lines that a full pipe does not take are dropped, and the next one says how
// many.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <string>

#include "proxy/base/result.h"

namespace stevedore {

// Sets level ("trace", "debug", "info", "warn", "error", "off") and format ("text" or "json") of
// the default logger. Call once, before threads start. Errors name the value and what would be
// right.
Result<> SetUpLogging(const std::string& level, const std::string& format);

}  // namespace stevedore
