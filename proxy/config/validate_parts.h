// The parts of Validate(): one listener, one upstream, and what the config knows of itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "proxy/config/checks.h"

namespace stevedore::config {

// The addresses on which this proxy receives: a peer there would be sent its own datagrams forever.
class OwnSockets {
 public:
  explicit OwnSockets(const ProxyConfig& config);
  // Why a peer at that address would loop, if it would.
  std::optional<std::string> LoopAt(const SocketAddress& peer) const;

 private:
  std::map<SocketAddress, std::string> listeners_;  // at one address, with their names
  std::map<std::uint16_t, std::string> wildcards_;  // "::"
  std::map<std::uint16_t, std::string> wildcards_v4_;
  std::set<std::uint16_t> ports_;
  std::set<IpAddress> published_;
};

// Everything about a listener but its relation to other listeners.
void CheckListener(Checks& checks, const FieldPath& path, const Listener& listener,
                   const UniqueNames& upstreams);
// Everything about an upstream but the uniqueness of its name.
void CheckUpstream(Checks& checks, const FieldPath& path, const Upstream& upstream,
                   const OwnSockets& own);

}  // namespace stevedore::config
