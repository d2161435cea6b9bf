// EndpointSlice, kind of discovery.k8s.io/v1: the part that Stevedore reads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/decode.h"
#include "controller/kube/object_meta.h"

namespace stevedore::api {

// A port of a slice, or of a subset of Endpoints. Its name is that of the Service's port.
struct SlicePort {
  std::string name;
  std::string protocol = "TCP";
  std::optional<std::int64_t> port;  // unset: no port that could be reached
  bool operator==(const SlicePort&) const = default;
};

// One entry of a slice. Unset conditions have the API's meaning: ready and serving are true,
// terminating is false.
struct SliceEntry {
  std::string address;  // the first one; the API gives the others no meaning
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string target;  // identity of the pod behind it; empty when unknown
  bool operator==(const SliceEntry&) const = default;
};

struct EndpointSlice {
  kube::ObjectMeta meta;
  std::string service_name;  // label kubernetes.io/service-name; empty: of no Service
  std::string address_type;  // "IPv4", "IPv6" or "FQDN"
  std::vector<SliceEntry> entries;
  std::vector<SlicePort> ports;
  Findings findings;  // fields that could not be read; the rest is usable
};

// Unknown fields are ignored.
EndpointSlice DecodeEndpointSlice(std::string_view json);
// The list of ports in member `ports`.
std::vector<SlicePort> DecodeSlicePorts(Fields& object);

}  // namespace stevedore::api
