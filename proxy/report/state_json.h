// The proxy's state as one JSON document, for the live page and for scripts. Fields:
// docs/live-page.md.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/health/probe_stats.h"
#include "proxy/report/in_force.h"
#include "proxy/report/traffic_book.h"
#include "proxy/worker/worker_pool.h"

namespace stevedore::report {

// Peers of one upstream that are listed, those that fail their probe first; the others are counted.
inline constexpr std::size_t kMaxPeersListed = 256;

struct State {
  std::shared_ptr<const InForce> in_force;  // not null
  std::map<std::string, ListenerTotals> totals;
  std::map<std::string, health::ProbeCounts> probes;
  std::vector<worker::WorkerGauges> workers;
  double now = 0;     // Unix time, seconds
  double uptime = 0;  // seconds; of a clock that never jumps: rates are measured by it
};

// Pure. Holds no client's address and no payload.
std::string EncodeState(const State& state);

}  // namespace stevedore::report
