// Who set what on the ports of a Service, as metadata.managedFields tells: what server-side apply
// goes by when it decides whose an entry is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/decode.h"

namespace stevedore::api {

// The fields that one manager set on one entry of spec.ports.
struct PortClaim {
  std::string manager;
  bool apply = false;  // by server-side apply; else by create, update or patch
  bool entry = false;  // the entry itself: it is in the list because of this manager
  bool name = false;
  bool target_port = false;
  bool operator==(const PortClaim&) const = default;
};

// The claims of each entry, by (port, protocol), in the order of managedFields. What cannot be read
// is left out: the API server wrote it, and knows better.
std::vector<std::pair<std::pair<std::int64_t, std::string>, PortClaim>> DecodePortClaims(
    const Json& metadata);

}  // namespace stevedore::api
