#include "tests/convergence/cutting_transport.h"

#include <chrono>
#include <condition_variable>
#include <thread>
#include <utility>

namespace stevedore::convergence {
namespace {

using kube::Request;
using kube::Response;
using kube::StreamEnd;

constexpr const char* kExpired =
    R"({"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"})";

std::string* Parameter(Request& request, const std::string& name) {
  for (auto& [key, value] : request.query)
    if (key == name) return &value;
  return nullptr;
}

// A watch that shall begin with all objects.
bool IsList(Request& request) { return Parameter(request, "sendInitialEvents") != nullptr; }

StreamEnd Refusal(int status, const std::string& body) {
  return {StreamEnd::Kind::kStatus, {status, body, std::nullopt}};
}

}  // namespace

int CuttingTransport::Roll(int sides) {
  const std::lock_guard lock(mutex_);
  return dice_.Roll(sides);
}

void CuttingTransport::Count(const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++counts_[what];
}

std::map<std::string, int> CuttingTransport::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void CuttingTransport::Cut() {
  const std::lock_guard lock(mutex_);
  if (!open_.empty()) ++counts_["cut while open"];
  for (std::stop_source* const stop : open_) stop->request_stop();
}

Result<Response> CuttingTransport::Do(const Request& asked) {
  Request request = asked;
  // Few objects, and still lists of several pages: but only those that its cache does not answer.
  if (std::string* const limit = Parameter(request, "limit")) {
    *limit = "1";
    std::string* const version = Parameter(request, "resourceVersion");
    if (version != nullptr && Roll(2) == 0) version->clear();
  }
  // Further pages are few, since most lists come in one piece: the first is refused for certain.
  if (Parameter(request, "continue") != nullptr &&
      (!counts().contains("list: 410 between pages") || Roll(3) == 0)) {
    Count("list: 410 between pages");
    return Response{410, kExpired, std::nullopt};
  }
  switch (Roll(30)) {
    case 0:
      Count("list: no answer");
      return Error{Errc::kUnavailable, "connection refused"};
    case 1:
      Count("list: HTTP 503");
      return Response{503, "unavailable", std::nullopt};
    case 2: {
      Result<Response> response = inner_.Do(request);
      if (response) response->body.resize(response->body.size() / 2);
      Count("list: truncated");
      return response;
    }
    case 3:
      Count("list: empty object");
      return Response{200, "{}", std::nullopt};
    case 4:  // the next list is one without a version, in pages
      Count("list: HTTP 410");
      return Response{410, kExpired, std::nullopt};
    default:
      return inner_.Do(request);
  }
}

CuttingTransport::Fate CuttingTransport::Decide() {
  Fate fate;
  const int end = Roll(10);
  if (end < 2) fate.end = End::kTorn;
  if (end == 2) fate.end = End::kLineEnd;
  if (end == 3) fate.end = End::kExpiredEvent;
  fate.bytes = static_cast<std::size_t>(Roll(8000));
  if (Roll(4) == 0) fate.delay_ms = Roll(15);
  return fate;
}

Result<StreamEnd> CuttingTransport::Stream(const Request& asked, const kube::ChunkSink& sink) {
  Request request = asked;
  if (!list_by_watch_ && IsList(request)) return Refusal(422, "no such parameter");
  if (IsList(request)) Count("list by watch");
  switch (Roll(100)) {
    case 0:
      Count("watch: no answer");
      return Error{Errc::kUnavailable, "connection refused"};
    case 1:
      Count("watch: HTTP 500");
      return Refusal(500, "internal");
    case 2:
      Count("watch: HTTP 429");
      return Refusal(429, "slow down");
    case 3:
    case 4:
      Count("watch: HTTP 410");
      return Refusal(410, kExpired);
    case 5:
    case 6:
      // The API server itself says that this is too old.
      Count("watch: from an old version");
      if (std::string* const version = Parameter(request, "resourceVersion")) *version = "1";
      return inner_.Stream(request, sink);
    default:
      return Limited(std::move(request), sink, Decide());
  }
}

Result<StreamEnd> CuttingTransport::Limited(Request request, const kube::ChunkSink& sink,
                                            Fate fate) {
  std::stop_source stop;
  const std::stop_token asked = std::exchange(request.stop, stop.get_token());
  const std::stop_callback forward(asked, [&stop] { stop.request_stop(); });
  {
    const std::lock_guard lock(mutex_);
    open_.insert(&stop);
  }
  bool ended_here = false;
  std::size_t left = fate.bytes;
  const auto limited = [&](std::string_view chunk) {
    if (fate.delay_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(fate.delay_ms));
    if (fate.end == End::kNone || chunk.size() < left) {
      left -= std::min(left, chunk.size());
      return sink(chunk);
    }
    std::size_t cut = left;
    if (fate.end != End::kTorn) {
      const std::size_t line_end = chunk.find('\n', left);
      if (line_end == std::string_view::npos) {
        left = 0;
        return sink(chunk);
      }
      cut = line_end + 1;
    }
    ended_here = true;
    if (!sink(chunk.substr(0, cut))) return false;
    if (fate.end == End::kExpiredEvent)
      sink(std::string(R"({"type":"ERROR","object":)") + kExpired + "}\n");
    return false;
  };
  Result<StreamEnd> end = inner_.Stream(request, limited);
  {
    const std::lock_guard lock(mutex_);
    open_.erase(&stop);
  }
  if (ended_here)
    Count(fate.end == End::kTorn      ? "watch: torn"
          : fate.end == End::kLineEnd ? "watch: ended"
                                      : "watch: 410 event");
  // As the network would tell it.
  const bool cut_off = end && end->kind == StreamEnd::Kind::kCancelled && !asked.stop_requested();
  if (ended_here || cut_off) return StreamEnd{StreamEnd::Kind::kEof, {}};
  return end;
}

Result<Response> ListingTransport::Do(const Request& asked) {
  Request request = asked;
  std::erase_if(request.query, [](const auto& parameter) {
    return parameter.first == "resourceVersion" && parameter.second == "0";
  });
  return inner_.Do(request);
}

Result<StreamEnd> ListingTransport::Stream(const Request& asked, const kube::ChunkSink&) {
  Request request = asked;
  if (IsList(request)) return Refusal(422, "no such parameter");
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, request.stop, [] { return false; });
  return StreamEnd{StreamEnd::Kind::kCancelled, {}};
}

}  // namespace stevedore::convergence
