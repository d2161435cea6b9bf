// Lease: coordination.k8s.io/v1. By it replicas agree on who writes, and tell that they live.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "controller/kube/object_meta.h"
#include "proxy/base/result.h"

namespace stevedore::api {

// A Pod that owns an object: with the Pod goes the object.
struct PodOwner {
  std::string name;
  std::string uid;
  bool operator==(const PodOwner&) const = default;
};

// Times are texts (MicroTime), since the clocks of others are not compared with ours.
struct Lease {
  kube::Key key;
  std::string uid;
  std::string resource_version;       // empty: not yet on the server
  std::string holder;                 // empty: nobody holds it
  std::int64_t duration_seconds = 0;  // 0: not told
  std::string acquire_time;           // empty: not told
  std::string renew_time;             // empty: not told
  std::int64_t transitions = 0;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::optional<PodOwner> owner;
  std::string raw;  // the object as it was read: EncodeLease() keeps what it holds beside the above
};

// Errors: kInvalid, the text is no object with a name. What is missing or odd keeps its default.
Result<Lease> DecodeLease(std::string_view json);

// The whole object as JSON text, for POST or PUT. What `raw` holds beside our members stays: other
// owners, finalizers, fields of a newer API. An absent `owner` leaves owners alone.
std::string EncodeLease(const Lease& lease);

}  // namespace stevedore::api
