// The native form of the config file: JSON with // and /* */ comments, version 1.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "proxy/config/field_error.h"
#include "proxy/config/model.h"

namespace stevedore::config {

// What decoding gave: a config, or errors. With errors, `config` holds whatever could be read.
struct Decoded {
  ProxyConfig config;
  FieldErrors errors;
  FieldErrors notes;  // not errors: what was accepted and ignored, and why (the ancestor's form)
};

// Decodes either form: native (has "version"), or the ancestor's (has "Server" or "Upload").
// Strict: an unknown field, a wrong type, an unknown enum value and a duplicate key are errors, all
// of them reported, each with its line. Values are not checked here: Validate() does that.
Decoded Decode(std::string_view text);

// Encodes in canonical native form: fixed field order, every field present, lists in the model's
// order, 2 spaces of indentation, a newline at the end. Decode(Encode(c)).config equals c with its
// affinity made explicit, and encoding that again gives the same text.
std::string Encode(const ProxyConfig& config);

}  // namespace stevedore::config
