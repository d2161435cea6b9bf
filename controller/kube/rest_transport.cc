#include "controller/kube/rest_transport.h"

#include <pplx/threadpool.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "controller/kube/rest_call.h"
#include "controller/kube/rest_client.h"
#include "controller/kube/token_bucket.h"
#include "proxy/base/log.h"
#include "proxy/base/version.h"

namespace stevedore::kube {
namespace {

using Client = web::http::client::http_client;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kStreamBufferBytes = 1u << 20;
constexpr milliseconds kCloseLimit{5'000};
// The library's own limit fires first; ours is for what it does not watch.
constexpr milliseconds kSilenceMargin{5'000};

Error Unavailable(const Request& request, const std::string& why) {
  return Error{Errc::kUnavailable, request.method + " " + request.path + ": " + why};
}

}  // namespace

std::string UserAgent(const std::string& pod_name) {
  return std::string("stevedore-controller/") + Version() + " (" + pod_name + ")";
}

void InitialiseRest() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      crossplat::threadpool::initialize_with_threads(1);
    } catch (const std::exception& error) {
      spdlog::warn("Kept the HTTP thread pool as it was error={}", error.what());
    }
  });
}

struct RestTransport::Impl {
  struct Held {
    std::shared_ptr<Client> client;
    Nanos made{0};
  };

  Impl(Credentials& the_credentials, const Clock& the_clock, RestOptions the_options)
      : credentials(the_credentials),
        clock(the_clock),
        options(std::move(the_options)),
        bucket(options.requests_per_second, options.burst) {}

  // The library has one inactivity limit per client.
  enum class Use { kUnary, kList, kWatch };

  Result<std::shared_ptr<Client>> ClientFor(Use use);
  bool WaitForTurn(const Request& request);
  Result<std::shared_ptr<RestCall>> Start(const Request& request, Use use, bool stream,
                                          const std::string& token);
  Result<Response> DoOnce(const Request& request, const std::string& token);
  Result<StreamEnd> StreamOnce(const Request& request, const ChunkSink& sink,
                               const std::string& token);
  Result<StreamEnd> Refused(const Request& request, RestCall& call);
  Result<StreamEnd> Pump(const Request& request, const ChunkSink& sink, RestCall& call);
  // True when the request should be sent once more, with another token.
  bool Refresh(int status, const std::string& token);

  Credentials& credentials;
  const Clock& clock;
  const RestOptions options;
  TokenBucket bucket;
  const std::shared_ptr<OpenCalls> open_calls = std::make_shared<OpenCalls>();
  std::mutex clients_mutex;
  std::map<Use, Held> clients;
};

Result<std::shared_ptr<Client>> RestTransport::Impl::ClientFor(Use use) {
  const std::lock_guard lock(clients_mutex);
  Held& held = clients[use];
  const Nanos now = clock.Now();
  if (!held.client || now - held.made >= options.client_age) {
    const milliseconds inactivity = use == Use::kUnary  ? options.unary_timeout
                                    : use == Use::kList ? options.list_silence
                                                        : options.watch_silence;
    auto made = MakeRestClient(credentials.access(), inactivity, use == Use::kList);
    if (!made) return made.error();
    // Calls under way keep the old client until they end.
    held = Held{*std::move(made), now};
  }
  return held.client;
}

bool RestTransport::Impl::WaitForTurn(const Request& request) {
  if (request.unlimited) return !request.stop.stop_requested();
  const Nanos delay = bucket.Take(clock.Now());
  if (delay == Nanos(0)) return !request.stop.stop_requested();
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, request.stop, delay, [] { return false; });
  return !request.stop.stop_requested();
}

Result<std::shared_ptr<RestCall>> RestTransport::Impl::Start(const Request& request, Use use,
                                                             bool stream,
                                                             const std::string& token) {
  auto client = ClientFor(use);
  if (!client) return client.error();
  auto http_request = MakeRestRequest(credentials.access(), request, options.user_agent, token);
  if (!http_request) return http_request.error();
  const RestCall::Options call_options{
      .max_buffered_bytes = stream ? kStreamBufferBytes : options.max_body_bytes,
      .wait_when_full = stream};
  return RestCall::Start(*std::move(client), *std::move(http_request), call_options, open_calls);
}

Result<Response> RestTransport::Impl::DoOnce(const Request& request, const std::string& token) {
  const milliseconds timeout =
      request.timeout == milliseconds(0) ? options.unary_timeout : request.timeout;
  const auto deadline = SteadyClock::now() + timeout;
  const Use use = request.gzip                      ? Use::kList
                  : timeout > options.unary_timeout ? Use::kWatch
                                                    : Use::kUnary;
  auto started = Start(request, use, false, token);
  if (!started) return started.error();
  RestCall& call = **started;
  if (!call.Wait(RestCall::Until::kEnded, deadline, request.stop)) {
    call.Cancel();
    if (request.stop.stop_requested()) return Unavailable(request, "stopped");
    return Unavailable(request,
                       "no complete answer within " + std::to_string(timeout.count()) + " ms");
  }
  if (call.overflowed()) {
    call.Cancel();
    return Error{Errc::kInvalid, request.method + " " + request.path +
                                     ": the answer is longer than " +
                                     std::to_string(options.max_body_bytes) + " bytes"};
  }
  if (const auto error = call.error()) return Unavailable(request, error->detail);
  return Response{call.status(), call.TakeBytes(), call.retry_after()};
}

Result<StreamEnd> RestTransport::Impl::StreamOnce(const Request& request, const ChunkSink& sink,
                                                  const std::string& token) {
  auto started = Start(request, Use::kWatch, true, token);
  if (!started) return started.error();
  RestCall& call = **started;
  const auto deadline = SteadyClock::now() + options.watch_silence + kSilenceMargin;
  if (!call.Wait(RestCall::Until::kAnswered, deadline, request.stop)) {
    call.Cancel();
    if (request.stop.stop_requested()) return StreamEnd{StreamEnd::Kind::kCancelled, {}};
    return Unavailable(request, "no answer");
  }
  if (!call.answered()) {
    const auto error = call.error();
    return Unavailable(request, error ? error->detail : "no answer");
  }
  return call.status() == 200 ? Pump(request, sink, call) : Refused(request, call);
}

Result<StreamEnd> RestTransport::Impl::Refused(const Request& request, RestCall& call) {
  StreamEnd end{StreamEnd::Kind::kStatus, {call.status(), "", call.retry_after()}};
  const auto deadline = SteadyClock::now() + options.unary_timeout;
  while (end.response.body.size() < kStreamBufferBytes &&
         call.Wait(RestCall::Until::kBytes, deadline, request.stop)) {
    const std::string bytes = call.TakeBytes();
    end.response.body += bytes;
    if (bytes.empty()) break;
  }
  call.Cancel();
  if (request.stop.stop_requested()) return StreamEnd{StreamEnd::Kind::kCancelled, {}};
  return end;
}

Result<StreamEnd> RestTransport::Impl::Pump(const Request& request, const ChunkSink& sink,
                                            RestCall& call) {
  const auto end = [&call](StreamEnd::Kind kind) {
    call.Cancel();
    return StreamEnd{kind, {}};
  };
  if (!sink("")) return end(StreamEnd::Kind::kRefused);
  auto last_byte = SteadyClock::now();
  for (;;) {
    const auto tick = SteadyClock::now() + options.watch_tick;
    const bool woken = call.Wait(RestCall::Until::kBytes, tick, request.stop);
    if (request.stop.stop_requested()) return end(StreamEnd::Kind::kCancelled);
    // Read before the bytes: what arrives in between is found by the next round.
    const bool ended = call.ended();
    const std::string bytes = call.TakeBytes();
    if (!bytes.empty()) last_byte = SteadyClock::now();
    if ((!bytes.empty() || !woken) && !sink(bytes)) return end(StreamEnd::Kind::kRefused);
    if (ended) {
      const auto error = call.error();
      const bool silent = error && error->timed_out;
      return StreamEnd{silent ? StreamEnd::Kind::kSilence : StreamEnd::Kind::kEof, {}};
    }
    if (SteadyClock::now() - last_byte >= options.watch_silence + kSilenceMargin)
      return end(StreamEnd::Kind::kSilence);
  }
}

bool RestTransport::Impl::Refresh(int status, const std::string& token) {
  if (status != 401 || credentials.access().token.path.empty()) return false;
  credentials.RefuseToken(token);
  return true;
}

RestTransport::RestTransport(Credentials& credentials, const Clock& clock, RestOptions options) {
  InitialiseRest();
  impl_ = std::make_unique<Impl>(credentials, clock, std::move(options));
}

RestTransport::~RestTransport() {
  if (!impl_->open_calls->WaitForNone(kCloseLimit)) {
    spdlog::warn("Left API connections behind that did not close in time");
  }
}

Result<Response> RestTransport::Do(const Request& request) {
  if (!impl_->WaitForTurn(request)) return Unavailable(request, "stopped");
  const std::string token = impl_->credentials.Token();
  Result<Response> response = impl_->DoOnce(request, token);
  if (!response || !impl_->Refresh(response->status, token)) return response;
  return impl_->DoOnce(request, impl_->credentials.Token());
}

Result<StreamEnd> RestTransport::Stream(const Request& request, const ChunkSink& sink) {
  if (!impl_->WaitForTurn(request)) return StreamEnd{StreamEnd::Kind::kCancelled, {}};
  const std::string token = impl_->credentials.Token();
  Result<StreamEnd> end = impl_->StreamOnce(request, sink, token);
  if (!end || end->kind != StreamEnd::Kind::kStatus ||
      !impl_->Refresh(end->response.status, token)) {
    return end;
  }
  return impl_->StreamOnce(request, sink, impl_->credentials.Token());
}

}  // namespace stevedore::kube
