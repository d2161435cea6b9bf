// Registry: what outlives a reload: ids, health of peers, counters, listener sockets. The control
// thread keeps one and every snapshot is built against it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/unique_fd.h"
#include "proxy/config/address.h"
#include "proxy/runtime/id_book.h"
#include "proxy/runtime/peer_health.h"
#include "proxy/runtime/stats.h"

namespace stevedore::runtime {

// A listener's sockets, one per worker. The last snapshot that names them closes them.
struct ListenerSockets {
  std::vector<UniqueFd> fds;  // by worker
  int family = 0;             // AF_INET or AF_INET6
};

// A peer of one upstream, across reloads.
struct PeerRecord {
  std::shared_ptr<PeerHealth> health;
  std::optional<Nanos> draining_since;
};

struct ListenerRecord {
  std::shared_ptr<ListenerStats> stats;
  std::shared_ptr<ListenerSockets> sockets;  // null while not bound
  std::string bind_error;                    // why not
};

struct UpstreamRecord {
  std::shared_ptr<UpstreamStats> stats;
};

// Thread: one (the control thread).
struct Registry {
  using PeerKey = std::pair<std::string, config::SocketAddress>;  // upstream name, address

  explicit Registry(unsigned worker_count) : workers(worker_count) {}

  const unsigned workers;
  IdBook<config::SocketAddress, ListenerRecord> listeners;
  IdBook<std::string, UpstreamRecord> upstreams;
  IdBook<PeerKey, PeerRecord> peers;
  IdBook<std::string, std::shared_ptr<RuleStats>> rules;
  // Sinks of the listeners that are gone, and of datagrams that belong to none.
  std::shared_ptr<ListenerStats> nowhere = std::make_shared<ListenerStats>("", workers);
};

}  // namespace stevedore::runtime
