// explain: what the proxy would do with one datagram, and why: each compare, the key, the slot, the
// peer.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "proxy/base/result.h"
#include "proxy/config/address.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/validate.h"
#include "proxy/runtime/snapshot.h"

namespace stevedore::report {

struct ExplainRequest {
  std::uint16_t listener_port = 0;
  config::Bytes payload;
  config::SocketAddress client;
};

// What is known of the peers' health.
enum class Probes { kTakenAsPassing, kRunning };

// Lines for people. Decisions are the runtime's own (matcher, hash key, balancer); all peers are
// taken as passing their probes, no conversation as kept and no rate limit as reached. The last
// line is "verdict: peer ADDR:PORT" or "verdict: drop REASON" with the reasons of runtime/stats.h.
// Errors: no listener has that port; the message lists the ports.
Result<std::string> Explain(const config::ValidConfig& config, const ExplainRequest& request);
// The same of a snapshot, and of what is known of its peers. REQUIRES: `snapshot` was built from
// `config`. Thread: any.
Result<std::string> Explain(const runtime::Snapshot& snapshot, const config::ValidConfig& config,
                            const ExplainRequest& request, Probes probes = Probes::kTakenAsPassing);

}  // namespace stevedore::report
