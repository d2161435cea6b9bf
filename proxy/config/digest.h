// The digest of a config: its identity between the two processes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "proxy/config/model.h"

namespace stevedore::config {

// "sha256:" and 64 hex digits over the canonical encoding (json_codec.h).
std::string Digest(const ProxyConfig& config);
// The same over any text.
std::string TextDigest(std::string_view text);

}  // namespace stevedore::config
