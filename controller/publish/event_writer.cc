#include "controller/publish/event_writer.h"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "proxy/base/timestamp.h"

namespace stevedore::publish {
namespace {

constexpr std::chrono::hours kLongestWait{1};

std::function<std::uint64_t()> RandomNumbers() {
  return
      [engine = std::make_shared<std::mt19937_64>(std::random_device{}())] { return (*engine)(); };
}

}  // namespace

EventWriter::EventWriter(kube::Transport& transport, const Clock& clock, std::string instance,
                         Fence may_write)
    : outbox_(transport, clock, std::move(instance), std::move(may_write), RandomNumbers()),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void EventWriter::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

bool EventWriter::Publish(const std::vector<RouteUpdate>& updates) {
  if (forget_.exchange(false, std::memory_order_relaxed)) routes_.Forget();
  Hand(routes_.Observe(updates, MicroTimestampNow()));
  return true;
}

void EventWriter::Tell(Event event) { Hand({std::move(event)}); }

void EventWriter::Hand(const std::vector<Event>& events) {
  if (events.empty()) return;
  outbox_.Add(events);
  const std::lock_guard lock(mutex_);
  news_ = true;
  changed_.notify_one();
}

void EventWriter::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Nanos wait = std::min<Nanos>(outbox_.Step(stop), kLongestWait);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, wait, [this] { return news_; });
    news_ = false;
  }
}

}  // namespace stevedore::publish
