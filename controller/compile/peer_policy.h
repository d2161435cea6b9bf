// PeerPolicy: which addresses may never be peers, and where listed ("static") peers may be.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/compile/compile_options.h"
#include "proxy/config/address.h"
#include "proxy/config/model.h"

namespace stevedore::compile {

// Thread: immutable after the last AddListener().
class PeerPolicy {
 public:
  // `published`: addresses of the published Service.
  PeerPolicy(const CompileOptions& options, const std::vector<config::IpAddress>& published);

  // A peer at an own address (or at `address`) on `port` would be a loop.
  void AddListener(const std::string& address, std::int64_t port);

  // Why the address is refused as a peer of any source; nothing when it is fine. The text names it.
  std::optional<std::string> RefuseAddress(const std::string& address) const;
  // Why a listed peer is refused, listener ports aside.
  std::optional<std::string> RefuseStatic(const config::Peer& peer) const;
  // Whether datagrams to the peer would come back to a listener.
  std::optional<std::string> RefuseLoop(const config::Peer& peer) const;

 private:
  bool directory_mode_;
  std::vector<config::Cidr> static_peers_;
  std::set<config::IpAddress> own_;
  std::set<config::IpAddress> published_;
  std::set<std::int64_t> ports_;
  std::set<config::SocketAddress> listeners_;
};

}  // namespace stevedore::compile
