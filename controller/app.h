// App: the running controller: a mode, the store, the sync loop, the proxy's answers, HTTP pages.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include "controller/controller_options.h"
#include "controller/mode.h"
#include "controller/publish/ack_reader.h"
#include "controller/publish/config_writer.h"
#include "controller/store/store.h"
#include "controller/sync_loop.h"
#include "proxy/base/clock.h"
#include "proxy/base/http_endpoint.h"
#include "proxy/base/result.h"

namespace stevedore {

// Thread: one owner. The destructor ends everything and waits for its threads.
class App {
 public:
  // Starts all threads; they inherit the signal mask. Errors: what the flags name is not there, or
  // the metrics port is taken. An API server that does not answer is no error: it is tried again.
  static Result<std::unique_ptr<App>> Start(ControllerOptions options);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Where /metrics, /healthz and /readyz are.
  std::uint16_t metrics_port() const noexcept { return http_->port(); }

 private:
  explicit App(ControllerOptions options);
  Result<> StartParts();
  Result<> ServeHttp();

  // In the order of construction: what stands lower uses what stands above.
  ControllerOptions options_;
  MonotonicClock clock_;
  store::Store store_;
  publish::ConfigWriter writer_;
  std::unique_ptr<publish::AckReader> ack_;
  std::unique_ptr<Mode> mode_;
  std::unique_ptr<SyncLoop> loop_;
  std::unique_ptr<HttpEndpoint> http_;
  std::thread sync_thread_;
};

}  // namespace stevedore
