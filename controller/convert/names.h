// Names: labels and peer groups of routes out of names that other programs allow.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace stevedore::convert {

// The text with A to Z in lower case.
std::string Lower(std::string_view text);
// The text as a label: lower case letters, digits and inner hyphens, at most 63 bytes; "x" when
// nothing is left of it.
std::string Label(std::string_view text);
// The label, with "-2", "-3"... behind it when `taken` has it; adds it to `taken`.
std::string UniqueLabel(std::string_view text, std::set<std::string>& taken);
// The label as the name of an upstream: "deny" is no such name.
std::string UpstreamLabel(std::string_view text);

}  // namespace stevedore::convert
