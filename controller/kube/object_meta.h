// The part of every Kubernetes object that is the same for all kinds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

namespace stevedore::kube {

// Names one object of a kind. The order is by namespace first, so that maps keyed by it group
// what belongs together. The namespace is empty for cluster-scoped kinds.
struct Key {
  std::string ns;
  std::string name;

  auto operator<=>(const Key&) const = default;
  // "namespace/name", or "name" without a namespace.
  std::string ToString() const { return ns.empty() ? name : ns + "/" + name; }
};

// metadata of an object. Times are as the API server writes them (RFC 3339, UTC), which sorts as
// text.
struct ObjectMeta {
  std::string name;
  std::string ns;
  std::string uid;
  std::string resource_version;  // opaque: compared for equality only
  std::int64_t generation = 0;
  std::string creation_timestamp;
  bool deleting = false;  // deletionTimestamp is set
  std::map<std::string, std::string> labels;

  Key key() const { return Key{ns, name}; }
};

}  // namespace stevedore::kube
