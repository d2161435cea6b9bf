// PeerResolver: from the port of a Service to its peers, by EndpointSlices or, where there are
// none, Endpoints.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/api/conditions.h"
#include "controller/compile/peer_policy.h"
#include "controller/compile/route_model.h"
#include "controller/store/cluster_view.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

// Peers are sorted by address and port, each once.
struct ResolvedPeers {
  std::vector<config::Peer> peers;  // ready or draining
  int total = 0;                    // listed, whatever their state
  int ready = 0;
  int draining = 0;
  // True, or why the reference has no meaning; then there are no peers.
  api::ConditionState refs{api::ConditionStatus::kTrue, api::Reason::kResolvedRefs, ""};
  std::vector<std::string> refused;  // peers left out, and why
};

class PeerResolver {
 public:
  // Both outlive the resolver.
  PeerResolver(const store::ClusterView& view, const PeerPolicy& policy)
      : view_(view), policy_(policy) {}

  // A ready entry is a peer; a terminating one that still serves is a draining peer; others only
  // count. Of copies of one peer the best wins. Of a pod in both families, the address of its
  // Service's first family is used.
  ResolvedPeers Resolve(const PeerSource& source) const;

 private:
  ResolvedPeers ResolveStatic(const std::vector<config::Peer>& peers) const;
  ResolvedPeers ResolveService(const kube::Key& key, const api::PortRef& port) const;

  const store::ClusterView& view_;
  const PeerPolicy& policy_;
};

}  // namespace stevedore::compile
