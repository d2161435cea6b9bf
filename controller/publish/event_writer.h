// EventWriter: tells transitions of routes as events, on a thread of its own, so that neither a
// config nor a status ever waits for one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/publish/event_outbox.h"
#include "controller/publish/fence.h"
#include "controller/publish/route_events.h"
#include "controller/publish/status_sink.h"

namespace stevedore::publish {

// Thread: Publish() on the sync loop's, Stop() on the owner's, all others on any; owns one that
// writes. Lifetime: transport and clock outlive it.
class EventWriter final : public StatusSink {
 public:
  // `instance`: our pod, not empty.
  EventWriter(kube::Transport& transport, const Clock& clock, std::string instance,
              Fence may_write);
  ~EventWriter() override { Stop(); }
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // Takes note of what changed and returns at once: always true.
  bool Publish(const std::vector<RouteUpdate>& updates) override;
  // Tells an event that is not about a route.
  void Tell(Event event);
  // Another replica may tell from here on: when this one publishes again, it begins with what the
  // objects say.
  void Forget() { forget_.store(true, std::memory_order_relaxed); }
  // Ends the thread; what waits is dropped. May be called again.
  void Stop();

  EventNumbers numbers() const { return outbox_.numbers(); }

 private:
  void Hand(const std::vector<Event>& events);
  void Run(const std::stop_token& stop);

  RouteEvents routes_;
  std::atomic<bool> forget_{false};
  EventOutbox outbox_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool news_ = false;
  std::jthread thread_;
};

}  // namespace stevedore::publish
