// Traefik's IngressRouteUDP (traefik.io and traefik.containo.us).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/convert/documents.h"
#include "controller/convert/ports.h"

namespace stevedore::convert {

// Marks the documents that it takes in. `arguments`: command lines of Traefik. `given`: ports of
// entry points by flag.
void ReadTraefik(std::vector<Document>& documents, const std::vector<Input>& arguments,
                 const NamedPorts& given, Conversion& into);

}  // namespace stevedore::convert
