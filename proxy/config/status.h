// The proxy's answer to the controller (--status-file): which config it runs and how that goes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/config/field_error.h"

namespace stevedore::config {

struct ListenerStatus {
  std::string name;
  bool bound = false;
  std::string error;  // empty when bound
  bool operator==(const ListenerStatus&) const = default;
};

// Peer counts of one upstream. `usable` is what the balancer may pick now.
struct UpstreamStatus {
  std::string name;
  int total = 0;
  int ready = 0;    // not draining
  int healthy = 0;  // passing their probe; all of them without healthCheck
  int draining = 0;
  int usable = 0;
  bool backup_active = false;
  bool operator==(const UpstreamStatus&) const = default;
};

// The last attempt to load: of a file that was read, whatever came of it.
struct AttemptStatus {
  std::string digest;  // of the attempted config when it decoded, else empty
  bool applied = false;
  FieldErrors errors;
  bool operator==(const AttemptStatus&) const = default;
};

struct ProxyStatus {
  std::string digest;  // of the config in force; empty before the first
  AttemptStatus last_attempt;
  std::vector<ListenerStatus> listeners;
  std::vector<UpstreamStatus> upstreams;
  std::string time;  // RFC 3339, UTC: when it was written
  bool operator==(const ProxyStatus&) const = default;
};

// JSON as in docs/config-format.md, version 1. Decoding ignores unknown fields (a newer proxy) and
// refuses other versions.
std::string EncodeStatus(const ProxyStatus& status);
Result<ProxyStatus> DecodeStatus(std::string_view text);

}  // namespace stevedore::config
