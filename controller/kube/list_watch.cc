#include "controller/kube/list_watch.h"

#include <algorithm>
#include <iterator>

#include "proxy/base/log.h"

namespace stevedore::kube {
namespace {

using std::chrono::seconds;

constexpr Nanos kFirstDelay = std::chrono::milliseconds(800);
constexpr Nanos kLongestDelay = seconds(30);
constexpr Nanos kLongestDeniedDelay = seconds(60);
constexpr Nanos kQuiet = seconds(120);     // without failure: the backoff starts anew
constexpr Nanos kShortWatch = seconds(1);  // ended before, with nothing to say: a failure
constexpr seconds kLongestRetryAfter{300};
constexpr std::chrono::milliseconds kListTimeout = seconds(60);  // the server's own limit
constexpr double kWatchSeconds = 300;                            // to twice that, spread evenly
constexpr const char* kPageSize = "500";
constexpr int kMaxPages = 10'000;

bool Expired(const ApiStatus& status) { return status.code == 410; }

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
      denied_backoff_(kFirstDelay, kLongestDeniedDelay) {}

ListWatch::Failure ListWatch::Senseless(const std::string& message) {
  Failure failure;
  failure.status.message = message;
  return failure;
}

Nanos ListWatch::Step(std::stop_token stop) {
  return phase_ == Phase::kList ? List(stop) : Watch(stop);
}

ReflectorCounters ListWatch::counters() const {
  const std::lock_guard lock(counters_mutex_);
  return counters_;
}

Nanos ListWatch::List(std::stop_token stop) {
  // "0" is any version that the server has at hand. A page limit with a real version would send the
  // request past the server's cache to etcd.
  const std::string version =
      version_unavailable_ ? "" : (last_version_.empty() ? "0" : last_version_);
  const bool paged = version.empty() || version == "0";
  Listing listing = FetchAll(version, paged, stop);
  if (stop.stop_requested()) return Nanos(0);
  if (listing.failure) return ListFailed(*listing.failure);
  Count(&ReflectorCounters::lists);
  last_version_ = listing.resource_version;
  version_unavailable_ = false;
  phase_ = Phase::kWatch;
  handler_.Replace(std::move(listing.objects));
  SetState(true, "");
  return Nanos(0);
}

ListWatch::Listing ListWatch::FetchAll(const std::string& resource_version, bool paged,
                                       std::stop_token stop) {
  Listing listing;
  std::string continue_token;
  for (int page_number = 0; page_number < kMaxPages; ++page_number) {
    Request request{.path = resource_.path, .timeout = kListTimeout, .stop = stop};
    if (!resource_.label_selector.empty()) {
      request.query.emplace_back("labelSelector", resource_.label_selector);
    }
    if (paged) request.query.emplace_back("limit", kPageSize);
    if (continue_token.empty()) {
      request.query.emplace_back("resourceVersion", resource_version);
    } else {
      request.query.emplace_back("continue", continue_token);
    }
    const Result<Response> response = transport_.Do(request);
    if (!response) {
      listing.failure = Senseless(response.error().detail);
      return listing;
    }
    if (response->status != 200) {
      const ApiStatus status = ParseStatus(response->body, response->status);
      // The pages of a list belong to one version; once it is gone, only a list in one piece helps.
      if (Expired(status) && page_number > 0) return FetchAll(resource_version, false, stop);
      listing.failure = Failure{status, response->retry_after};
      return listing;
    }
    Result<ListPage> page = ParseList(response->body);
    if (!page) {
      listing.failure = Senseless(page.error().detail);
      return listing;
    }
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(listing.objects));
    listing.resource_version = page->resource_version;
    continue_token = page->continue_token;
    if (continue_token.empty()) return listing;
    // A list in one piece is not continued: else 410s could send us round for ever.
    if (!paged) break;
  }
  listing.failure = Senseless("the list has too many pages");
  return listing;
}

Nanos ListWatch::ListFailed(const Failure& failure) {
  Count(&ReflectorCounters::failed_lists);
  if ((Expired(failure.status) || failure.status.resource_version_too_large) &&
      !version_unavailable_) {
    version_unavailable_ = true;
    return Nanos(0);
  }
  return BackOff(Phase::kList, failure);
}

Nanos ListWatch::Watch(std::stop_token stop) {
  Request request{.path = resource_.path, .stop = stop};
  request.query = {
      {"watch", "1"},
      {"resourceVersion", last_version_},
      {"allowWatchBookmarks", "true"},
      {"timeoutSeconds", std::to_string(static_cast<int>(kWatchSeconds * (1 + random_())))}};
  if (!resource_.label_selector.empty()) {
    request.query.emplace_back("labelSelector", resource_.label_selector);
  }
  WatchParser parser;
  Watching watching;
  const Nanos start = clock_.Now();
  const Result<StreamEnd> end = transport_.Stream(
      request, [&](std::string_view chunk) { return Receive(chunk, parser, watching); });
  if (stop.stop_requested()) return Nanos(0);
  if (!end) {
    // No answer says nothing about the version: watching goes on from it.
    Count(&ReflectorCounters::restarts_error);
    return BackOff(Phase::kWatch, Senseless(end.error().detail));
  }
  return WatchEnded(*end, watching, clock_.Now() - start);
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
    return BackOff(Phase::kWatch, Senseless("the watch ended at once"));
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
    return again ? BackOff(Phase::kList, failure) : Nanos(0);
  }
  Count(&ReflectorCounters::restarts_error);
  return BackOff(failure.status.code == 429 ? Phase::kWatch : Phase::kList, failure);
}

bool ListWatch::Receive(std::string_view chunk, WatchParser& parser, Watching& watching) {
  SetState(state_.synced, "");
  std::vector<WatchEvent> events;
  const Result<> fed = parser.Feed(chunk, events);
  for (WatchEvent& event : events) {
    watching.any_event = true;
    Handle(std::move(event), watching);
    if (watching.failure) return false;
  }
  if (!fed) watching.failure = Senseless(fed.error().detail);
  return !watching.failure;
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
  last_version_ = std::move(event.resource_version);
}

Nanos ListWatch::BackOff(Phase next, const Failure& failure) {
  phase_ = next;
  SetState(state_.synced, Describe(failure.status));
  const Nanos now = clock_.Now();
  if (last_failure_ && now - *last_failure_ >= kQuiet) {
    backoff_.Reset();
    denied_backoff_.Reset();
  }
  last_failure_ = now;
  Backoff& backoff = failure.status.code == 403 ? denied_backoff_ : backoff_;
  const Nanos delay = backoff.Next(random_());
  const seconds asked = std::min(failure.retry_after.value_or(seconds(0)), kLongestRetryAfter);
  return std::max<Nanos>(delay, asked);
}

void ListWatch::SetState(bool synced, const std::string& error) {
  ReflectorState state{synced, error};
  if (state == state_) return;
  state_ = std::move(state);
  handler_.StateChanged(state_);
}

void ListWatch::Count(std::uint64_t ReflectorCounters::*counter) {
  const std::lock_guard lock(counters_mutex_);
  ++(counters_.*counter);
}

}  // namespace stevedore::kube
