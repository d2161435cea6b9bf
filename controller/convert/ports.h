// Ports: where a name of another program's configuration (an entry point of Traefik, a listener of
// NGINX Ingress Controller) receives datagrams.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/convert/conversion.h"

namespace stevedore::convert {

struct NamedPort {
  std::int64_t port = 0;
  std::string address;  // empty: all addresses
  bool udp = true;
  std::string origin;  // for the comment: "values.yaml: ports.dns"
};

using NamedPorts = std::map<std::string, NamedPort>;

// "NAME=PORT" of --entry-point.
Result<std::pair<std::string, NamedPort>> ParseEntryPoint(const std::string& text);

// 1 to 65535, in decimal digits and nothing else.
std::optional<std::int64_t> ParsePort(std::string_view text);

}  // namespace stevedore::convert
