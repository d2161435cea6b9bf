// spec.upstreams of a StevedoreRoute.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/api/decode.h"
#include "controller/api/stevedore_route.h"

namespace stevedore::api {

// Decodes `upstreams` of a spec; what is wrong goes to the findings of `spec`.
std::vector<UpstreamSpec> DecodeUpstreams(Fields& spec);

}  // namespace stevedore::api
