// The ancestor's form of the config file (Server, Session, Upload), read into the native model.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "proxy/config/document.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/json_tree.h"

namespace stevedore::config {

// One listener "listener-1" with the rules "rule-1", "rule-2", ... in the order of Routes. Strict
// as Decode(); errors and notes carry the ancestor's paths. Fills `form` for errors about the
// values.
Decoded DecodeSeed(const JsonNode& root, SeedForm& form);

}  // namespace stevedore::config
