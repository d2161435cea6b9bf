// The /metrics page: everything that the given collectables tell, in Prometheus' text format.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <vector>

#include "proxy/base/http_endpoint.h"

namespace stevedore {

// A handler for HttpEndpoint. Thread: calls Collect() on the endpoint's thread.
HttpEndpoint::Handler MetricsPage(std::vector<std::shared_ptr<prometheus::Collectable>> sources);

}  // namespace stevedore
