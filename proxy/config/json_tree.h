// A JSON text as a tree that knows its lines. The parser's library stays behind this header.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proxy/config/field_error.h"

namespace stevedore::config {

// One value. Keys may repeat: that is for the reader to refuse (json_fields.h).
struct JsonNode {
  enum class Kind : std::uint8_t { kNull, kBoolean, kInteger, kFraction, kText, kList, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  bool negative = false;        // of an integer
  int line = 0;                 // of the value's key, else of its start; counts from 1
  std::uint64_t magnitude = 0;  // of an integer
  std::string key;              // in an object
  std::string text;             // of kText; of kFraction as written
  std::vector<JsonNode> children;

  // The member of that name, the first of several; null when absent or when this is no object.
  const JsonNode* Find(std::string_view name) const;
};

// Parses JSON with // and /* */ comments. At most kMaxConfigBytes, 32 levels and 4 million values.
// Never throws. The error has a line and no path.
std::variant<JsonNode, FieldError> ParseJson(std::string_view text);

// The line of the field at `path` ("listeners[0].port"), or of the nearest object around it that
// exists.
int LineOf(const JsonNode& root, std::string_view path);

// The value as a message shows it: `"text"`, `5`, `true`, `a list`.
std::string Describe(const JsonNode& node);

}  // namespace stevedore::config
