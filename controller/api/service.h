// Service, kind of v1: the part that Stevedore reads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/decode.h"
#include "controller/kube/object_meta.h"

namespace stevedore::api {

struct ServicePort {
  std::string name;  // empty only when it is the sole port
  std::string protocol = "TCP";
  std::int64_t port = 0;
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  kube::ObjectMeta meta;
  std::string type = "ClusterIP";
  std::vector<ServicePort> ports;
  std::vector<std::string> ip_families;  // "IPv4", "IPv6": the first is preferred
  // Addresses at which it is reached: cluster IPs, external IPs, those of its load balancer.
  std::vector<std::string> addresses;
  Findings findings;  // fields that could not be read; the rest is usable
};

// Unknown fields are ignored.
Service DecodeService(std::string_view json);

}  // namespace stevedore::api
