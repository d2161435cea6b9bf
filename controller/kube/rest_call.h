// RestCall: one request to cpprestsdk, watched from the thread that waits for it. Internal to
// rest_*.cc: it exposes the library.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cpprest/http_client.h>
// A macro of the library that breaks the templates of others.
#undef U

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace stevedore::kube {

// Counts calls that the library has not finished with. Thread: internally synchronised.
class OpenCalls {
 public:
  void Add();
  void Remove();
  // False when some are still open after `limit`.
  bool WaitForNone(std::chrono::milliseconds limit);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int open_ = 0;
};

// Why a call failed.
struct CallError {
  bool timed_out = false;  // the client's inactivity limit
  std::string detail;
};

// What the library reports, as text: it passes OpenSSL's packed codes and asio's own as errno.
CallError DescribeFailure(std::exception_ptr exception);

// Thread: the caller's one thread, while the library's threads deliver. Lifetime: the library holds
// a reference until it is done, so dropping ours is always safe.
class RestCall : public std::enable_shared_from_this<RestCall> {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  struct Options {
    std::size_t max_buffered_bytes = 0;
    bool wait_when_full = false;  // a full buffer holds up the server; otherwise it is an overflow
  };
  enum class Until { kAnswered, kBytes, kEnded };

  static std::shared_ptr<RestCall> Start(std::shared_ptr<web::http::client::http_client> client,
                                         web::http::http_request request, const Options& options,
                                         std::shared_ptr<OpenCalls> open_calls);
  ~RestCall();
  RestCall(const RestCall&) = delete;
  RestCall& operator=(const RestCall&) = delete;

  // Waits for the status line, for bytes or for the end; the end satisfies all three, an overflow
  // too. False when `deadline` or `stop` came first.
  bool Wait(Until until, Deadline deadline, const std::stop_token& stop);

  bool answered();
  bool ended();
  bool overflowed();
  int status();
  std::optional<std::chrono::seconds> retry_after();
  std::optional<CallError> error();
  // The bytes since the last call.
  std::string TakeBytes();

  // Gives up: no more bytes, and the connection is closed in a moment. Not on the caller's thread:
  // the library replaces connections and starts reads and writes without a lock, so whoever closes
  // one under them crashes it. REQUIRES: the library has one thread.
  void Cancel();

 private:
  class BodySink;

  RestCall(std::shared_ptr<web::http::client::http_client> client, const Options& options,
           std::shared_ptr<OpenCalls> open_calls);
  // Takes bytes of the body; the task ends when the library may send more.
  pplx::task<std::size_t> Receive(const char* data, std::size_t size);
  void OpenGate();
  pplx::task<void> OnAnswer(const web::http::http_response& response);
  void OnEnd(std::optional<CallError> error);

  const std::shared_ptr<web::http::client::http_client> client_;
  const Options options_;
  const std::shared_ptr<OpenCalls> open_calls_;
  pplx::cancellation_token_source cancellation_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string bytes_;
  std::optional<pplx::task_completion_event<void>> gate_;  // closed while the buffer is full
  bool answered_ = false;
  bool ended_ = false;
  bool overflowed_ = false;
  bool cancelled_ = false;
  int status_ = 0;
  std::optional<std::chrono::seconds> retry_after_;
  std::optional<CallError> error_;
};

}  // namespace stevedore::kube
