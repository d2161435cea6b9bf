// EventOutbox: events on their way to the API server. No thread and no sleep of its own: an
// EventWriter drives it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/token_bucket.h"
#include "controller/kube/transport.h"
#include "controller/publish/event_correlator.h"
#include "controller/publish/fence.h"
#include "proxy/base/clock.h"
#include "proxy/base/rate_limit.h"

namespace stevedore::publish {

// Since the start; `created` and `updated` are writes, the others occurrences or writes that were
// given up.
struct EventNumbers {
  std::uint64_t created = 0;  // events
  std::uint64_t updated = 0;  // series of events
  std::uint64_t failed = 0;   // refused, or without an answer, time and again
  std::uint64_t dropped = 0;  // too many waited, another replica leads, or the namespace goes
};

// Events are told as well as possible and hold up nothing: at most 10 writes/s, so that statuses
// have the rest of the client's limit, few tries each, and no more than a few thousand wait.
// Thread: Step() on one, all others any. Lifetime: transport and clock outlive it.
class EventOutbox {
 public:
  // `instance`: our pod, not empty. `random` makes names.
  EventOutbox(kube::Transport& transport, const Clock& clock, std::string instance, Fence may_write,
              std::function<std::uint64_t()> random);

  void Add(const std::vector<Event>& events);

  // Writes at most one event. Returns how long to wait before the next step, unless something is
  // added; Nanos::max() when nothing waits.
  Nanos Step(std::stop_token stop);

  EventNumbers numbers() const;

 private:
  kube::Request RequestFor(const EventCorrelator::Write& write) const;
  void Settle(const EventCorrelator::Write& write, const Result<kube::Response>& response);
  void Failed(const EventCorrelator::Write& write, const Result<kube::Response>& response);

  kube::Transport& transport_;
  const Clock& clock_;
  const std::string instance_;
  const Fence may_write_;
  kube::TokenBucket pace_;
  RateLimit log_limit_;

  mutable std::mutex mutex_;
  EventCorrelator correlator_;
  Nanos not_before_{0};
  EventNumbers numbers_;
};

}  // namespace stevedore::publish
