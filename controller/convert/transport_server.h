// TransportServer and GlobalConfiguration of NGINX Ingress Controller (k8s.nginx.org).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/convert/documents.h"
#include "controller/convert/ports.h"

namespace stevedore::convert {

// Marks the documents that it takes in. `given`: ports of listeners by flag, stronger than those of
// a GlobalConfiguration.
void ReadTransportServers(std::vector<Document>& documents, const NamedPorts& given,
                          Conversion& into);

}  // namespace stevedore::convert
