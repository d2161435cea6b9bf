// ingress-nginx: the ConfigMap of UDP services (or `udp` of the chart's values), with the
// controller's ConfigMap and its Service where they are given.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/convert/documents.h"

namespace stevedore::convert {

// Marks the documents that it takes in. `certain`: the input was said to be of ingress-nginx, so a
// ConfigMap of services whose name tells no protocol is taken for one of UDP services.
void ReadIngressNginx(std::vector<Document>& documents, bool certain, Conversion& into);

}  // namespace stevedore::convert
