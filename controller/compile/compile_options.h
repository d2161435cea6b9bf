// What the flags of the controller say about compiling.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/object_meta.h"
#include "proxy/base/result.h"
#include "proxy/config/address.h"
#include "proxy/config/cidr.h"

namespace stevedore::compile {

// Ports that routes may claim: of one namespace, or of all when `ns` is empty.
struct PortGrant {
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    bool operator==(const Range&) const = default;
  };
  std::vector<Range> ranges;
  std::string ns;
  bool operator==(const PortGrant&) const = default;
};

struct CompileOptions {
  std::string class_name = "stevedore";
  std::uint64_t hash_seed = 0;
  bool share_ports_across_namespaces = false;
  std::vector<PortGrant> listener_ports;  // empty: every port
  std::size_t max_listeners = 1000;
  std::vector<config::Cidr> static_peers;  // where listed peers may be; empty: nowhere
  // Manifests on this machine: loopback peers are fine, and objects have no age, so that a port
  // belongs to the first route by namespace/name.
  bool directory_mode = false;
  // Addresses of this host or pod: a peer there on a listener's port would be a loop.
  std::vector<config::IpAddress> own_addresses;
  // The Service in front of the proxies. Its addresses are never a peer and never a client (the
  // config's ownAddresses).
  std::optional<kube::Key> published_service;
};

// --listener-ports: "2000-2999,7000" or "53@infra".
Result<PortGrant> ParsePortGrant(std::string_view text);
// --static-peers: "deny", "any", or CIDRs with commas between them.
Result<std::vector<config::Cidr>> ParseStaticPeers(std::string_view text);
// --publish-service: "NAMESPACE/NAME".
Result<kube::Key> ParseServiceName(std::string_view text);
// Whether `ns` may claim `port`.
bool PortGranted(const CompileOptions& options, const std::string& ns, std::int64_t port);

}  // namespace stevedore::compile
