// What holds for every config text, whatever its form.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>

#include "proxy/config/digest.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/load.h"
#include "tests/fuzz/fuzz.h"

namespace stevedore::fuzz {

// Errors can be shown to people: something is said, at a line that exists, in printable text.
inline void RequireTold(const config::FieldErrors& errors, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const config::FieldError& error : errors) {
    Require(!error.message.empty(), "an error says what is wrong", error.path);
    Require(error.line >= 0 && error.line <= lines, "an error's line is one of the text");
    Require(IsPlain(config::ToString(error)), "errors hold no control characters", error.message);
  }
}

// A loaded config is written as a text that loads to the same, and that is written as itself.
inline config::ValidConfig RequireRoundTrip(const config::ValidConfig& config) {
  const std::string text = config::Encode(*config);
  const config::Loaded again = config::Load(text);
  Require(again.config.has_value(), "what was loaded and written loads again",
          again.errors.empty() ? text : config::ToString(again.errors.front()) + "\n" + text);
  Require(config::Encode(**again.config) == text, "what was written is written the same", text);
  Require(config::Digest(**again.config) == config::Digest(*config), "the digest is the same");
  return *again.config;
}

}  // namespace stevedore::fuzz
