// HttpEndpoint: the small HTTP server behind /metrics, /healthz, /readyz. GET only, own thread,
// everything bounded.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "proxy/base/result.h"

namespace stevedore {

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Thread: handlers run on the endpoint's own thread and must be safe there; everything else on one
// owner. Lifetime: the destructor stops the thread; what the handlers refer to must outlive it.
// Limits: 8 KiB of header, no body, 10 s for a request, 10 s for its reply; what exceeds one is
// closed. 64 connections, and 32 MiB of replies on their way: the longest at it leave for new ones.
class HttpEndpoint {
 public:
  // Gets the query string (after '?', may be empty).
  using Handler = std::function<HttpReply(const std::string& query)>;

  // Listens on `address` ("host:port", ":port" for all addresses, "[v6]:port"; port 0 picks one)
  // and serves `handlers` by exact path; others get 404, methods other than GET and HEAD 405.
  static Result<std::unique_ptr<HttpEndpoint>> Start(const std::string& address,
                                                     std::map<std::string, Handler> handlers);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  // What it listens on, "HOST:PORT": the port that was picked for port 0.
  std::string address() const;
  std::uint16_t port() const noexcept;

 private:
  struct Impl;
  explicit HttpEndpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace stevedore
