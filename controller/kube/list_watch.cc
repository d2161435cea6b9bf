#include "controller/kube/list_watch.h"

#include <algorithm>
#include <ctime>

#include "proxy/base/log.h"

namespace stevedore::kube {
namespace {

using std::chrono::seconds;

constexpr Nanos kFirstDelay = std::chrono::milliseconds(800);
// Jitter makes it up to twice as long: whatever was wrong, we are back within 30 s of its end.
constexpr Nanos kLongestDelay = seconds(10);
constexpr Nanos kQuiet = seconds(120);     // without failure: the backoff starts anew
constexpr Nanos kShortWatch = seconds(1);  // ended before, with nothing to say: a failure
// Between the bytes of a list by watch. Later bookmarks keep a watch alive, a minute apart.
constexpr Nanos kInitialSilence = seconds(15);
constexpr seconds kLongestRetryAfter{300};
constexpr double kWatchSeconds = 300;  // to twice that, spread evenly

bool Expired(const ApiStatus& status) { return status.code == 410; }

// Refusals that say nothing of what the server offers. (403 may mean that we may list, not watch.)
bool MayGoAway(int code) {
  constexpr int kCodes[] = {401, 404, 429, 503, 504};
  return std::find(std::begin(kCodes), std::end(kCodes), code) != std::end(kCodes);
}

std::string Describe(const ApiStatus& status) {
  if (status.code == 0) return status.message;
  std::string text = "HTTP " + std::to_string(status.code);
  if (!status.reason.empty()) text += " " + status.reason;
  if (!status.message.empty()) text += ": " + status.message;
  return text;
}

}  // namespace

ListWatch::ListWatch(Resource resource, Transport& transport, const Clock& clock,
                     std::function<double()> random, ReflectorHandler& handler)
    : resource_(std::move(resource)),
      transport_(transport),
      clock_(clock),
      random_(std::move(random)),
      handler_(handler),
      backoff_(kFirstDelay, kLongestDelay),
      expiry_backoff_(kFirstDelay, kLongestDelay) {}

Nanos ListWatch::Step(const std::stop_token& stop) {
  if (phase_ == Phase::kList) list_began_ = clock_.Now();
  return phase_ == Phase::kList && !list_by_watch_ ? List(stop) : Watch(stop);
}

ReflectorCounters ListWatch::counters() const {
  const std::lock_guard lock(counters_mutex_);
  return counters_;
}

Nanos ListWatch::List(const std::stop_token& stop) {
  const std::string version =
      version_unavailable_ ? "" : (last_version_.empty() ? "0" : last_version_);
  const bool paged = version.empty() || version == "0";
  Listing listing = FetchList(transport_, resource_, version, paged, stop);
  if (stop.stop_requested()) return Nanos(0);
  if (listing.failure) return ListFailed(*listing.failure);
  Listed(std::move(listing.objects), std::move(listing.resource_version));
  return Nanos(0);
}

void ListWatch::Listed(std::vector<RawObject> objects, std::string resource_version) {
  Count(&ReflectorCounters::lists);
  Heard();
  {
    const std::chrono::duration<double> took = clock_.Now() - list_began_;
    const std::lock_guard lock(counters_mutex_);
    counters_.list_seconds.Observe(took.count());
  }
  last_version_ = std::move(resource_version);
  version_unavailable_ = false;
  phase_ = Phase::kWatch;
  handler_.Replace(std::move(objects));
  SetState({true, ""});
}

Nanos ListWatch::ListFailed(const Failure& failure) {
  Count(&ReflectorCounters::failed_lists);
  if ((Expired(failure.status) || failure.status.resource_version_too_large) &&
      !version_unavailable_) {
    version_unavailable_ = true;
    return Nanos(0);
  }
  return BackOff(Phase::kList, failure, backoff_);
}

Request ListWatch::WatchRequest(const std::stop_token& stop) const {
  Request request{.path = resource_.path, .stop = stop};
  request.query = {
      {"watch", "1"},
      {"allowWatchBookmarks", "true"},
      {"timeoutSeconds", std::to_string(static_cast<int>(kWatchSeconds * (1 + random_())))}};
  if (phase_ == Phase::kList) {
    request.query.emplace_back("sendInitialEvents", "true");
    request.query.emplace_back("resourceVersionMatch", "NotOlderThan");
  }
  const bool latest = phase_ == Phase::kList && version_unavailable_;
  request.query.emplace_back("resourceVersion", latest ? "" : last_version_);
  if (!resource_.field_selector.empty()) {
    request.query.emplace_back("fieldSelector", resource_.field_selector);
  }
  if (!resource_.label_selector.empty()) {
    request.query.emplace_back("labelSelector", resource_.label_selector);
  }
  return request;
}

Nanos ListWatch::Watch(const std::stop_token& stop) {
  WatchParser parser;
  Watching watching;
  const Nanos start = clock_.Now();
  watching.last_byte = start;
  if (phase_ == Phase::kList) watching.initial.emplace();
  const Result<StreamEnd> end = transport_.Stream(
      WatchRequest(stop), [&](std::string_view chunk) { return Receive(chunk, parser, watching); });
  if (stop.stop_requested()) return Nanos(0);
  if (watching.initial) return InitialEnded(end, watching);
  if (!end) {
    // No answer says nothing about the version: watching goes on from it.
    Count(&ReflectorCounters::restarts_error);
    return BackOff(Phase::kWatch, Senseless(end.error().detail), backoff_);
  }
  return WatchEnded(*end, watching, clock_.Now() - start);
}

Nanos ListWatch::InitialEnded(const Result<StreamEnd>& end, const Watching& watching) {
  if (!end) return ListFailed(Senseless(end.error().detail));
  Failure failure = Senseless("the watch ended before it had sent all objects");
  if (watching.failure) {
    failure = *watching.failure;
  } else if (end->kind == StreamEnd::Kind::kStatus) {
    failure = {ParseStatus(end->response.body, end->response.status), end->response.retry_after};
  }
  const ApiStatus& status = failure.status;
  if (Expired(status) || status.resource_version_too_large || MayGoAway(status.code)) {
    return ListFailed(failure);
  }
  spdlog::info("Listing by LIST, not by watch resource={} reason=\"{}\"", resource_.name,
               Describe(status));
  list_by_watch_ = false;
  return Nanos(0);
}

Nanos ListWatch::WatchEnded(const StreamEnd& end, const Watching& watching, Nanos lasted) {
  if (watching.failure) return WatchRefused(*watching.failure);
  switch (end.kind) {
    case StreamEnd::Kind::kStatus:
      return WatchRefused(
          Failure{ParseStatus(end.response.body, end.response.status), end.response.retry_after});
    case StreamEnd::Kind::kSilence:
      Count(&ReflectorCounters::restarts_timeout);
      return Nanos(0);
    case StreamEnd::Kind::kEof:
    case StreamEnd::Kind::kCancelled:
    case StreamEnd::Kind::kRefused:
      break;
  }
  Count(&ReflectorCounters::restarts_eof);
  if (lasted < kShortWatch && !watching.any_event) {
    return BackOff(Phase::kWatch, Senseless("the watch ended at once"), backoff_);
  }
  return Nanos(0);
}

Nanos ListWatch::WatchRefused(const Failure& failure) {
  if (Expired(failure.status)) {
    Count(&ReflectorCounters::restarts_expired);
    const Nanos now = clock_.Now();
    const bool again = last_expiry_ && now - *last_expiry_ < kQuiet;
    last_expiry_ = now;
    phase_ = Phase::kList;
    return again ? BackOff(Phase::kList, failure, expiry_backoff_) : Nanos(0);
  }
  Count(&ReflectorCounters::restarts_error);
  return BackOff(failure.status.code == 429 ? Phase::kWatch : Phase::kList, failure, backoff_);
}

bool ListWatch::Receive(std::string_view chunk, WatchParser& parser, Watching& watching) {
  if (!watching.initial) SetState({state_.synced, ""});
  const Nanos now = clock_.Now();
  if (!chunk.empty()) watching.last_byte = now;
  if (watching.initial && now - watching.last_byte >= kInitialSilence) {
    watching.failure = Senseless("the watch stalled before it had sent all objects");
    return false;
  }
  std::vector<WatchEvent> events;
  const Result<> fed = parser.Feed(chunk, events);
  for (WatchEvent& event : events) {
    watching.any_event = true;
    watching.initial ? Collect(std::move(event), watching) : Handle(std::move(event), watching);
    if (watching.failure) return false;
  }
  if (!fed) watching.failure = Senseless(fed.error().detail);
  return !watching.failure;
}

// These events are not in the order of versions: last_version_ stays as it is until all are there.
void ListWatch::Collect(WatchEvent event, Watching& watching) {
  std::map<Key, RawObject>& initial = *watching.initial;
  switch (event.type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      initial.insert_or_assign(event.object.key, event.object);
      return;
    case WatchEvent::Type::kDeleted:
      initial.erase(event.object.key);
      return;
    case WatchEvent::Type::kError:
      watching.failure = Failure{event.status};
      return;
    case WatchEvent::Type::kUnknown:
      return;
    case WatchEvent::Type::kBookmark:
      break;
  }
  if (!event.initial_events_end) return;
  std::vector<RawObject> objects;
  objects.reserve(initial.size());
  for (auto& [key, object] : initial) objects.push_back(std::move(object));
  watching.initial.reset();
  Listed(std::move(objects), std::move(event.resource_version));
}

void ListWatch::Handle(WatchEvent event, Watching& watching) {
  switch (event.type) {
    case WatchEvent::Type::kAdded:
      Count(&ReflectorCounters::added);
      handler_.Apply(std::move(event.object));
      break;
    case WatchEvent::Type::kModified:
      Count(&ReflectorCounters::modified);
      handler_.Apply(std::move(event.object));
      break;
    case WatchEvent::Type::kDeleted:
      Count(&ReflectorCounters::deleted);
      handler_.Delete(event.object.key);
      break;
    case WatchEvent::Type::kBookmark:
      Count(&ReflectorCounters::bookmarks);
      break;
    case WatchEvent::Type::kError:
      Count(&ReflectorCounters::errors);
      watching.failure = Failure{event.status};
      return;
    case WatchEvent::Type::kUnknown:
      spdlog::warn("Ignored a watch event of unknown type resource={} type={}", resource_.name,
                   event.type_text);
      return;
  }
  Heard();
  last_version_ = std::move(event.resource_version);
}

Nanos ListWatch::BackOff(Phase next, const Failure& failure, Backoff& backoff) {
  phase_ = next;
  SetState({state_.synced, Describe(failure.status), failure.status.code});
  const Nanos now = clock_.Now();
  if (last_failure_ && now - *last_failure_ >= kQuiet) {
    backoff_.Reset();
    expiry_backoff_.Reset();
  }
  last_failure_ = now;
  const Nanos delay = backoff.Next(random_());
  const seconds asked = std::min(failure.retry_after.value_or(seconds(0)), kLongestRetryAfter);
  return std::max<Nanos>(delay, asked);
}

void ListWatch::SetState(ReflectorState state) {
  if (state == state_) return;
  state_ = std::move(state);
  handler_.StateChanged(state_);
}

void ListWatch::Heard() {
  const std::lock_guard lock(counters_mutex_);
  counters_.heard_at = static_cast<double>(std::time(nullptr));
}

void ListWatch::Count(std::uint64_t ReflectorCounters::*counter) {
  const std::lock_guard lock(counters_mutex_);
  ++(counters_.*counter);
}

}  // namespace stevedore::kube
