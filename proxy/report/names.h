// Names of rules and upstreams as metric labels.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace stevedore::report {

// "namespace/route/name" taken apart. A name that is not of this form stands whole in `name`, the
// others are empty.
struct SplitName {
  std::string route_namespace;
  std::string route;
  std::string name;
  bool operator==(const SplitName&) const = default;
};
SplitName Split(std::string_view name);

}  // namespace stevedore::report
