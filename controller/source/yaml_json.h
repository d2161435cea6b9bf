// YAML into JSON text, document by document, with the types of YAML's core schema: what is quoted
// stays a string.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"

namespace stevedore::source {

// The documents of a YAML stream (JSON is one too) as JSON text; empty documents are left out.
// Errors carry the line: text that is no YAML, a key that occurs twice, and what YAML reads as a
// tag although an operator was meant (`operator: !==`).
// Where kubectl would read a number and the core schema a string (`0b01`), it is a number, so that
// a manifest means the same in both places.
Result<std::vector<std::string>> YamlToJson(std::string_view text);

}  // namespace stevedore::source
