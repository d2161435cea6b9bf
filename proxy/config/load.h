// From text to a valid config in one step: decode, then validate, errors with their lines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "proxy/config/field_error.h"
#include "proxy/config/validate.h"

namespace stevedore::config {

// Exactly one of `config` and `errors` is non-empty. Errors are in the order of their lines.
struct Loaded {
  std::optional<ValidConfig> config;
  FieldErrors errors;
  FieldErrors notes;  // see Decoded
};
Loaded Load(std::string_view text);

}  // namespace stevedore::config
