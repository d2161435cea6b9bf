// The parts of a StevedoreRoute that occur in several places of its schema: conditions, hash keys,
// peers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/api/decode.h"
#include "controller/api/stevedore_route.h"

namespace stevedore::api {

// The list of byte conditions in member `name`; empty when it is absent. `min` is 0 or 1 entries.
std::vector<config::Condition> DecodeConditions(Fields& object, const std::string& name,
                                                std::size_t min);
config::HashKey DecodeHashKey(Fields& fields);
// `serviceRef` or `peers` of an upstream or its backup, exactly one of them.
PeerSource DecodePeerSource(Fields& object);

}  // namespace stevedore::api
