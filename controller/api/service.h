// Service, kind of v1: the part that Stevedore reads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/decode.h"
#include "controller/api/port_claims.h"
#include "controller/kube/object_meta.h"

namespace stevedore::api {

struct ServicePort {
  std::string name;  // empty only when it is the sole port
  std::string protocol = "TCP";
  std::int64_t port = 0;
  std::int64_t target_port = 0;     // of the pods; 0: it goes by a name
  std::int64_t node_port = 0;       // 0: none
  std::vector<PortClaim> claims{};  // who set what of it
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  kube::ObjectMeta meta;
  std::string type = "ClusterIP";
  std::vector<ServicePort> ports;
  std::vector<std::string> ip_families;  // "IPv4", "IPv6": the first is preferred
  std::vector<std::string> cluster_ips;  // without "None"
  std::vector<std::string> external_ips;
  std::vector<std::string> ingress_ips;  // of its load balancer
  std::vector<std::string> ingress_hostnames;
  Findings findings;  // fields that could not be read; the rest is usable
};

// Unknown fields are ignored.
Service DecodeService(std::string_view json);

}  // namespace stevedore::api
