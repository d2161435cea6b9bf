#include "controller/kube/metered_transport.h"

#include "controller/kube/latency_bounds.h"

namespace stevedore::kube {
namespace {

constexpr const char* kNoAnswer = "<error>";

}  // namespace

MeteredTransport::MeteredTransport(Transport& transport, const Clock& clock, std::string host)
    : transport_(transport), clock_(clock) {
  numbers_.host = std::move(host);
}

Result<Response> MeteredTransport::Do(const Request& request) {
  const Nanos began = clock_.Now();
  Result<Response> response = transport_.Do(request);
  if (!response && request.stop.stop_requested()) return response;
  Count(request, response ? std::to_string(response->status) : kNoAnswer);
  const std::chrono::duration<double> took = clock_.Now() - began;
  const std::lock_guard lock(mutex_);
  numbers_.durations.try_emplace(request.method, kLatencyBounds)
      .first->second.Observe(took.count());
  return response;
}

Result<StreamEnd> MeteredTransport::Stream(const Request& request, const ChunkSink& sink) {
  bool counted = false;
  Result<StreamEnd> end = transport_.Stream(request, [&](std::string_view chunk) {
    if (!counted) Count(request, "200");
    counted = true;
    return sink(chunk);
  });
  if (counted || (end && end->kind == StreamEnd::Kind::kCancelled)) return end;
  if (!end && request.stop.stop_requested()) return end;
  Count(request, end && end->kind == StreamEnd::Kind::kStatus ? std::to_string(end->response.status)
                                                              : kNoAnswer);
  return end;
}

void MeteredTransport::Count(const Request& request, const std::string& code) {
  const std::lock_guard lock(mutex_);
  ++numbers_.requests[{code, request.method}];
}

RequestNumbers MeteredTransport::numbers() const {
  const std::lock_guard lock(mutex_);
  return numbers_;
}

}  // namespace stevedore::kube
