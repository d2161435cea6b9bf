// FieldError: what is wrong with one field, said so that a person can mend it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stevedore::config {

// `path` is as in the file: "listeners[0].rules[2].match[0].value". `message` names the value and
// what would be right. `line` counts from 1; 0 when the text is not known.
struct FieldError {
  std::string path;
  std::string message;
  int line = 0;
  bool operator==(const FieldError&) const = default;
};

using FieldErrors = std::vector<FieldError>;

// "line 12: listeners[0].port: 0: must be 1 to 65535", without the line when it is 0.
std::string ToString(const FieldError& error);

// Text from a file as a message may show it: control characters become '?', long text is cut.
std::string Printable(std::string_view text);
// The same between double quotes.
std::string Quote(std::string_view text);

}  // namespace stevedore::config
