// Ports of a Service as server-side apply takes them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/kube/object_meta.h"

namespace stevedore::api {

// One UDP port as we list it. Without name or target port the entry is still ours, and these fields
// are whoever's set them.
struct AppliedPort {
  std::int64_t port = 0;
  bool name = true;         // udp-<port>
  bool target_port = true;  // the same number
  auto operator<=>(const AppliedPort&) const = default;
};

// "udp-7000".
std::string AppliedName(std::int64_t port);

// JSON text of the Service with these ports and nothing else. uid and resourceVersion say for
// which state of which object they were computed: a Service that is gone is not made anew.
std::string EncodePorts(const kube::ObjectMeta& meta, const std::vector<AppliedPort>& ports);

}  // namespace stevedore::api
