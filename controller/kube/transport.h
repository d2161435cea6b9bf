// Transport: the seam between what we say to the API server and how the bytes travel. Production
// is RestTransport; tests script their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/result.h"

namespace stevedore::kube {

// One HTTP request. Values of `query` are raw: the transport encodes them.
struct Request {
  std::string method = "GET";
  std::string path{};  // from the root: "/api/v1/services"
  std::vector<std::pair<std::string, std::string>> query{};
  std::string content_type{};           // of the body; empty when there is none
  std::string body{};                   // at most a few MiB: it is held in memory
  std::chrono::milliseconds timeout{};  // Do: the whole exchange; 0 = the transport's default
  bool gzip = false;                    // Do: the answer may be long and may come compressed
  bool unlimited = false;               // not counted by the client's rate limit: Lease renewals
  std::stop_token stop{};               // ends the call early, from any thread
};

// An answer, whatever its status. Only a 2xx means that the request was done.
struct Response {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;  // the header, when it was a number of seconds
};

// How a stream that got an answer ended.
struct StreamEnd {
  enum class Kind {
    kEof,        // 200, then the end of the body: clean, or cut by the network
    kSilence,    // 200, then no byte for the transport's silence limit
    kCancelled,  // the stop token
    kStatus,     // not 200: `response` says what, and the sink got nothing
    kRefused,    // the sink returned false
  };
  Kind kind = Kind::kEof;
  Response response;
};

// Gets the bytes of a 200 as they arrive, in order. An empty chunk comes as soon as the status is
// known, and now and then while there is silence. False ends the stream.
using ChunkSink = std::function<bool(std::string_view chunk)>;

// Thread: any; calls may run at the same time. Each call blocks its thread and nothing else.
class Transport {
 public:
  virtual ~Transport() = default;

  // One request and its whole answer. Any status is a success here. Errors: kUnavailable, no (or
  // no complete) answer: refused, unreachable, TLS, timeout, stopped; kInvalid, the request itself
  // or an answer beyond the size limit.
  virtual Result<Response> Do(const Request& request) = 0;

  // A request whose answer has no end (a watch). The sink runs on the calling thread. Errors as
  // Do's, only when there was no answer at all.
  virtual Result<StreamEnd> Stream(const Request& request, const ChunkSink& sink) = 0;
};

}  // namespace stevedore::kube
