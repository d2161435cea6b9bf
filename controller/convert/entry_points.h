// Entry points of Traefik: from its static configuration, from the values of its chart, from its
// command line, and the Service in front of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/convert/documents.h"
#include "controller/convert/ports.h"

namespace stevedore::convert {

struct EntryPoint {
  NamedPort where;
  std::optional<std::int64_t> idle_seconds;  // udp.timeout
  bool given = false;                        // by flag: nothing overrules it
};
// By name in lower case, as Traefik compares them.
using EntryPoints = std::map<std::string, EntryPoint>;

// All that the documents and command lines (`arguments`) tell, `given` (by flag) being stronger
// than the chart's values, these than a file, a file than a command line. Marks the documents that
// it takes in.
EntryPoints ReadEntryPoints(std::vector<Document>& documents, const std::vector<Input>& arguments,
                            const NamedPorts& given, Conversion& into);

// Lets the Services in front of Traefik, which lead ports of their own to entry points by name or
// number, decide what port clients use. `targets`: Services that routes name, hence none of these.
void ApplyFrontServices(std::vector<Document>& documents, const std::vector<kube::Key>& targets,
                        EntryPoints& entry_points, Conversion& into);

// ":9000/udp" or "10.0.0.1:9000/udp"; TCP without "/udp".
std::optional<NamedPort> ParseAddress(std::string_view text);

}  // namespace stevedore::convert
