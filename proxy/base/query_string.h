// The part of a URL behind '?', taken apart.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace stevedore {

// "a=1&b=x%20y" as {a: "1", b: "x y"}; '+' is a space, a name without '=' has an empty value, of
// two values of one name the last counts, and a '%' that is not followed by two hex digits stands
// for itself (WHATWG URL, application/x-www-form-urlencoded parsing).
std::map<std::string, std::string> ParseQuery(std::string_view query);

}  // namespace stevedore
