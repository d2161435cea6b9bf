// FrontService: the Service in front of another ingress controller. Its UDP ports are those that
// clients use, whatever ports the controller itself listens on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controller/convert/documents.h"
#include "controller/convert/reader.h"

namespace stevedore::convert {

struct FrontPort {
  Place place;
  std::string name;
  std::int64_t port = 0;
  std::int64_t target = 0;  // 0 when the target is a name
  std::string target_name;
};

struct FrontService {
  Place place;
  std::vector<FrontPort> ports;  // UDP alone
};

// Whether clients outside of the cluster reach the Service: type LoadBalancer or NodePort, or
// external IPs. False for other kinds of objects.
bool FacesClients(const Document& service);

// Reads a Service's ports; tells no loss yet.
FrontService ReadFrontService(const Document& service, Conversion& into);

// What a front Service has besides ports, as losses that name the chart's value for each; call it
// once the Service is known to be in front. `used`: the ports that led to a route.
void LoseFrontSettings(const Document& service, const std::vector<FrontPort>& used,
                       Conversion& into);

}  // namespace stevedore::convert
