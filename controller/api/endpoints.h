// Endpoints, kind of v1: what stands in for EndpointSlices where there are none. It bears the name
// of its Service.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/api/endpoint_slice.h"

namespace stevedore::api {

struct Endpoints {
  kube::ObjectMeta meta;
  // Each subset as a slice of no address type: it knows ready and not ready, but no terminating.
  std::vector<EndpointSlice> subsets;
  Findings findings;  // fields that could not be read; the rest is usable
};

// Unknown fields are ignored.
Endpoints DecodeEndpoints(std::string_view json);

}  // namespace stevedore::api
