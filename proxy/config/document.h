// Document: a decoded config with what it takes to say where in the text an error is.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/config/json_codec.h"
#include "proxy/config/json_tree.h"
#include "proxy/config/seed_paths.h"

namespace stevedore::config {

// How errors about the native model are said for a file in the ancestor's form.
struct SeedForm {
  SeedPaths paths;
  // By the ancestor's path: what to say in place of the validator's message there.
  std::map<std::string, std::string> wording;
};

struct Document {
  Decoded decoded;
  std::optional<JsonNode> tree;  // unset when the text is no JSON
  std::optional<SeedForm> seed;  // set for the ancestor's form
};

// Decode() with all that it knows.
Document DecodeDocument(std::string_view text);

}  // namespace stevedore::config
