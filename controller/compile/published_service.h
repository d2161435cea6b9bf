// PublishedService: what the Service in front of the proxies (--publish-service) says: addresses
// that are our own, and where clients reach a listener.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "controller/api/route_status.h"
#include "controller/compile/compile_options.h"
#include "controller/store/cluster_view.h"
#include "proxy/config/address.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

// Thread: immutable.
class PublishedService {
 public:
  // Says nothing when no Service is to be published, or while it does not exist.
  PublishedService(const store::ClusterView& view, const CompileOptions& options);

  // All its addresses, ascending: never a client, never a peer.
  const std::vector<config::IpAddress>& addresses() const noexcept { return own_; }

  // Where clients reach the listener of that port on all addresses: at the load balancer and the
  // external IPs, where there are any, else at the cluster IPs; at each UDP port of the Service
  // that leads to the listener. At most 16: what the CRD holds.
  std::vector<api::ListenerAddress> ReachOf(std::int64_t listener_port) const;

 private:
  std::vector<config::IpAddress> own_;
  std::vector<api::ListenerAddress> places_;  // without ports
  std::multimap<std::int64_t, api::ServicePort> by_target_;
};

// The ports that the Service has to lead to the proxies. A listener at one address is none of them:
// what a Service forwards arrives at the pod's own address.
std::set<std::int64_t> PublishablePorts(const config::ProxyConfig& config);

}  // namespace stevedore::compile
