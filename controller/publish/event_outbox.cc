#include "controller/publish/event_outbox.h"

#include <algorithm>
#include <utility>

#include "controller/kube/object_json.h"
#include "controller/publish/event_requests.h"
#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

constexpr double kPerSecond = 10;
constexpr double kBurst = 20;
constexpr int kTries = 3;
constexpr std::chrono::seconds kRetryWait{2};
constexpr std::chrono::seconds kLongestRetryAfter{60};
constexpr std::chrono::seconds kLogInterval{60};

bool Done(const kube::Response& response) {
  return response.status >= 200 && response.status < 300;
}

// The object's namespace is on its way out, or gone: nobody is left to read it.
bool TooLate(const Result<kube::Response>& response, bool create) {
  if (!response) return false;
  const bool ending =
      response->status == 403 && response->body.find("NamespaceTerminating") != std::string::npos;
  return ending || (create && response->status == 404);
}

// Whether the same request may go well later.
bool MayWork(const Result<kube::Response>& response) {
  return !response || response->status == 429 || response->status >= 500;
}

}  // namespace

EventOutbox::EventOutbox(kube::Transport& transport, const Clock& clock, std::string instance,
                         Fence may_write, std::function<std::uint64_t()> random)
    : transport_(transport),
      clock_(clock),
      instance_(std::move(instance)),
      may_write_(std::move(may_write)),
      pace_(kPerSecond, kBurst),
      log_limit_(kLogInterval),
      correlator_(std::move(random)) {}

void EventOutbox::Add(const std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  for (const Event& event : events)
    if (!correlator_.Add(event, clock_.Now())) ++numbers_.dropped;
}

Nanos EventOutbox::Step(std::stop_token stop) {
  EventCorrelator::Write write;
  {
    const std::lock_guard lock(mutex_);
    const Nanos now = clock_.Now();
    const auto due = correlator_.DueAt(now);
    if (!due) return Nanos::max();
    if (const Nanos at = std::max(*due, not_before_); at > now) return at - now;
    if (!may_write_()) {
      numbers_.dropped += correlator_.waiting();
      correlator_.Clear();
      return Nanos::max();
    }
    auto next = correlator_.Next(now);
    if (!next) return Nanos(std::chrono::milliseconds(1));
    write = std::move(*next);
  }
  kube::Request request = RequestFor(write);
  request.stop = std::move(stop);
  const auto response = transport_.Do(request);
  const std::lock_guard lock(mutex_);
  const Nanos now = clock_.Now();
  not_before_ = now + pace_.Take(now);
  Settle(write, response);
  return std::max(Nanos(0), not_before_ - now);
}

kube::Request EventOutbox::RequestFor(const EventCorrelator::Write& write) const {
  const EventSeries series{write.count, write.last_time};
  return write.create ? CreateEventRequest(write.event, write.name, instance_, series)
                      : PatchSeriesRequest(write.event, write.name, series);
}

void EventOutbox::Settle(const EventCorrelator::Write& write,
                         const Result<kube::Response>& response) {
  // The name is taken: the answer to an earlier try of ours was lost.
  const bool taken = response && write.create && response->status == 409;
  if (response && (Done(*response) || taken)) {
    ++(write.create ? numbers_.created : numbers_.updated);
    return correlator_.Written(write);
  }
  if (response && !write.create && response->status == 404) return correlator_.Gone(write);
  if (TooLate(response, write.create)) {
    ++numbers_.dropped;
    return correlator_.Failed(write, false);
  }
  Failed(write, response);
}

void EventOutbox::Failed(const EventCorrelator::Write& write,
                         const Result<kube::Response>& response) {
  const bool again = MayWork(response) && write.tries + 1 < kTries;
  correlator_.Failed(write, again);
  if (!again) ++numbers_.failed;
  if (MayWork(response)) {
    const auto asked = response ? response->retry_after : std::nullopt;
    not_before_ = std::max(not_before_,
                           clock_.Now() + std::min(asked.value_or(kRetryWait), kLongestRetryAfter));
  }
  const auto suppressed = log_limit_.Allow(clock_.Now());
  if (!suppressed) return;
  spdlog::warn("Could not write event object={}/{} reason={} suppressed={} error=\"{}\"",
               write.event.regarding.ns, write.event.regarding.name, write.event.reason,
               *suppressed, response ? kube::RefusalText(*response) : response.error().detail);
}

EventNumbers EventOutbox::numbers() const {
  const std::lock_guard lock(mutex_);
  return numbers_;
}

}  // namespace stevedore::publish
