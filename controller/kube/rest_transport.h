// RestTransport: Transport over cpprestsdk. What that library gets wrong for a long-lived client is
// worked round in rest_*.cc and nowhere else.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "controller/kube/credentials.h"
#include "controller/kube/transport.h"
#include "proxy/base/clock.h"

namespace stevedore::kube {

struct RestOptions {
  std::string user_agent;                           // see UserAgent()
  std::chrono::milliseconds unary_timeout{10'000};  // of a request that names none
  std::chrono::milliseconds list_silence{15'000};   // of a long answer (Request::gzip)
  // A watch without a byte for so long is dead: 2.5 bookmarks of the API server.
  std::chrono::milliseconds watch_silence{150'000};
  // How often a silent watch's sink is called.
  std::chrono::milliseconds watch_tick{5'000};
  // New connections now and then, so that replicas of the API server share the load.
  std::chrono::milliseconds client_age{3'600'000};
  std::size_t max_body_bytes = 256u << 20;
  double requests_per_second = 50;
  double burst = 100;
};

// "stevedore-controller/VERSION (POD)".
std::string UserAgent(const std::string& pod_name);

// Sizes the library's thread pool: 4 threads and not 40. Call it before anything else of the
// library is used; further calls do nothing. The constructor of RestTransport calls it.
void InitialiseRest();

// Thread: any. Lifetime: credentials and clock outlive it; no call may be under way when it ends.
// The destructor waits a few seconds for connections to close.
class RestTransport final : public Transport {
 public:
  RestTransport(Credentials& credentials, const Clock& clock, RestOptions options);
  ~RestTransport() override;
  RestTransport(const RestTransport&) = delete;
  RestTransport& operator=(const RestTransport&) = delete;

  Result<Response> Do(const Request& request) override;
  Result<StreamEnd> Stream(const Request& request, const ChunkSink& sink) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stevedore::kube
