// EventCorrelator: keeps events few: repeats are counted in a series, many that differ in their
// note alone become one, and an object gets no more writes than its budget allows. What the budget
// holds back is written later, with all that was counted meanwhile. Pure; time is a parameter.
// Source of the limits: client-go tools/record/events_cache.go.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "controller/publish/event.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Thread: one. Objects go by their uid, or by kind and name where it is unknown.
class EventCorrelator {
 public:
  static constexpr double kBurst = 25;                 // writes for one object at once,
  static constexpr std::chrono::seconds kRefill{300};  // then one in so long
  static constexpr std::size_t kSimilar = 10;          // notes of one reason, told one by one
  static constexpr std::chrono::seconds kWindow{600};  // after so long without it, all begins anew
  static constexpr std::size_t kMaxWaiting = 4096;
  static constexpr std::size_t kMaxObjects = 2 * kMaxWaiting;

  // `random` makes the names of the events.
  explicit EventCorrelator(std::function<std::uint64_t()> random) : random_(std::move(random)) {}

  // False when it is lost, because too many wait.
  bool Add(const Event& event, Nanos now);

  // One write to the API server.
  struct Write {
    bool create = true;       // else the series of an event that is there
    std::string name;         // of the event object
    Event event;              // the first of the series
    std::uint64_t count = 1;  // of the series up to now
    std::string last_time;    // of its last occurrence
    int tries = 0;            // before this one
    std::string series;       // for the answer
  };
  // The next write for which there is budget. Each is to be answered by one of those below, before
  // the next call.
  std::optional<Write> Next(Nanos now);
  void Written(const Write& write);
  // The event is not there any more: it is created anew.
  void Gone(const Write& write);
  // It goes to the end of the queue, or is given up when not `again`.
  void Failed(const Write& write, bool again);

  // When there may be a next write, without further Add(); nothing when none waits.
  std::optional<Nanos> DueAt(Nanos now);
  std::size_t waiting() const noexcept { return waiting_.size(); }
  // Forgets everything.
  void Clear();

 private:
  struct Series {
    Event event;
    std::string name;
    bool created = false;
    bool waiting = false;
    std::uint64_t count = 0;
    std::uint64_t told = 0;
    std::string last_time;
    Nanos last_seen{0};
    int tries = 0;
  };
  struct Similar {
    std::set<std::string> notes;
    Nanos last_seen{0};
  };
  struct Object {
    double budget = kBurst;
    Nanos refilled_at{0};
    Nanos last_seen{0};
    std::map<std::string, Similar> similar;  // by reason
    std::map<std::string, Series> series;
  };

  std::string NewName(const std::string& object_name);
  void Enqueue(const std::string& uid, const std::string& id, Series& series);
  Series* Find(const Write& write);
  static void Refill(Object& object, Nanos now);
  // Forgets what is over, and the quiet half when there are too many objects.
  void Sweep(Nanos now);
  void HalveObjects();

  const std::function<std::uint64_t()> random_;
  std::map<std::string, Object> objects_;                    // by uid
  std::deque<std::pair<std::string, std::string>> waiting_;  // uid and series, oldest first
  Nanos swept_at_{0};
};

}  // namespace stevedore::publish
