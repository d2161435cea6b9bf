// MeteredTransport: a Transport that counts what it passes on, by client-go's rules.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "controller/kube/transport.h"
#include "proxy/base/clock.h"
#include "proxy/base/histogram.h"

namespace stevedore::kube {

struct RequestNumbers {
  std::string host;  // of the API server, with its port
  // By (code, method): {"200", "GET"}; the code is "<error>" when no answer came.
  std::map<std::pair<std::string, std::string>, std::uint64_t> requests;
  // Seconds to the whole answer, by method; time spent waiting for the client's own rate limit is
  // part of it, watches are not.
  std::map<std::string, Histogram> durations;
};

// A request that was stopped before its answer counts nowhere. A watch counts when its status is
// known. What RestTransport repeats with a new token counts once.
// Thread: any. Lifetime: transport and clock outlive it.
class MeteredTransport final : public Transport {
 public:
  MeteredTransport(Transport& transport, const Clock& clock, std::string host);

  Result<Response> Do(const Request& request) override;
  Result<StreamEnd> Stream(const Request& request, const ChunkSink& sink) override;

  RequestNumbers numbers() const;

 private:
  void Count(const Request& request, const std::string& code);

  Transport& transport_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  RequestNumbers numbers_;
};

}  // namespace stevedore::kube
