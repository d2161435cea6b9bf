// healthCheck of a TransportServer's upstream as Stevedore's probe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controller/convert/reader.h"
#include "proxy/config/byte_match.h"

namespace stevedore::convert {

// Nothing when the check is not enabled. What the probe cannot do is a loss.
std::optional<config::HealthCheck> ReadNginxProbe(Reader check);

// The bytes of a string of nginx: "\x1f" is a byte, a backslash before another character stands for
// that character ("\r", "\n" and "\t" for the usual ones). Nothing when an escape is incomplete.
std::optional<config::Bytes> ParseNginxString(std::string_view text);

}  // namespace stevedore::convert
