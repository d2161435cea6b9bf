// A published Service as tests shape it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "controller/publish/port_plan.h"

namespace stevedore::publish {

// An entry as one manager made it.
inline api::ServicePort EntryOf(const std::string& manager, bool apply, std::int64_t port,
                                const std::string& name, const std::string& protocol = "UDP") {
  return {name, protocol, port, port, 0, {{manager, apply, true, true, true}}};
}
// An entry that we applied.
inline api::ServicePort OurEntry(std::int64_t port) {
  return EntryOf(kPortManager, true, port, api::AppliedName(port));
}

// edge/udp as the chart renders it: with its placeholder.
inline api::Service SampleService() {
  api::Service service;
  service.meta.ns = "edge";
  service.meta.name = "udp";
  service.meta.uid = "u-1";
  service.meta.resource_version = "100";
  service.ports = {EntryOf("helm", true, 65535, "placeholder")};
  return service;
}

// With further entries.
template <class... Entries>
api::Service SampleService(Entries... entries) {
  api::Service service = SampleService();
  (service.ports.push_back(std::move(entries)), ...);
  return service;
}

}  // namespace stevedore::publish
