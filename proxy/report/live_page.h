// LivePage: what the proxy shows people over HTTP: a page, the document behind it, and explain on
// what runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "proxy/base/clock.h"
#include "proxy/base/http_endpoint.h"
#include "proxy/health/probe_stats.h"
#include "proxy/report/in_force.h"
#include "proxy/report/traffic_book.h"
#include "proxy/worker/worker_pool.h"

namespace stevedore::report {

// Thread: all members from any thread. Lifetime: the parts outlive it, and it outlives the HTTP
// endpoint that its handlers are given to.
class LivePage {
 public:
  LivePage(const InForceHolder& in_force, TrafficBook& book, const health::ProbeStats& probes,
           const Clock& clock, std::function<std::vector<worker::WorkerGauges>()> gauges);

  // GET / and its parts, /state.json, and /explain?listener=PORT&hex=BYTES[&client=ADDR:PORT],
  // whose answer is what the command explain prints; 400 with one line says what is wrong.
  std::map<std::string, HttpEndpoint::Handler> Handlers();

 private:
  HttpReply State() const;
  HttpReply Explained(const std::string& query) const;

  const InForceHolder& in_force_;
  TrafficBook& book_;
  const health::ProbeStats& probes_;
  const Clock& clock_;
  const Nanos started_;
  const std::function<std::vector<worker::WorkerGauges>()> gauges_;
};

}  // namespace stevedore::report
