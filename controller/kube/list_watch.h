// ListWatch: the rules by which one kind of resource is kept in step with the API server, one
// exchange at a time. No thread and no sleep of its own: a Reflector drives it.
// Source: client-go tools/cache/reflector.go and tools/pager.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/latency_bounds.h"
#include "controller/kube/lister.h"
#include "controller/kube/object_json.h"
#include "controller/kube/transport.h"
#include "controller/kube/watch_parser.h"
#include "proxy/base/backoff.h"
#include "proxy/base/clock.h"
#include "proxy/base/histogram.h"

namespace stevedore::kube {

struct ReflectorState {
  bool synced = false;  // one complete list was delivered; stays true
  std::string error;    // why the last exchange failed; empty while all is well
  int status = 0;       // the HTTP status that was the failure, if one was

  bool operator==(const ReflectorState&) const = default;
};

// Counts since the start; names follow the metrics.
struct ReflectorCounters {
  std::uint64_t added = 0, modified = 0, deleted = 0, bookmarks = 0, errors = 0;
  std::uint64_t restarts_eof = 0, restarts_expired = 0, restarts_timeout = 0, restarts_error = 0;
  std::uint64_t lists = 0;                 // complete ones
  std::uint64_t failed_lists = 0;          // they change nothing
  Histogram list_seconds{kLatencyBounds};  // of complete ones
  double heard_at = 0;  // Unix time of the last list, event or bookmark; 0 = never
};

// Where the objects go. Thread: one, the reflector's.
class ReflectorHandler {
 public:
  virtual ~ReflectorHandler() = default;
  // The complete list: what is not in it is gone.
  virtual void Replace(std::vector<RawObject> objects) = 0;
  virtual void Apply(RawObject object) = 0;
  virtual void Delete(const Key& key) = 0;
  virtual void StateChanged(const ReflectorState& state) = 0;
};

// A list is a watch that sends all objects first, where the server offers that (WatchList), else a
// LIST. Only a DELETED event and a complete list remove objects.
// Thread: one, but counters() any. Lifetime: transport, clock and handler outlive it.
class ListWatch {
 public:
  // `random` gives numbers in [0,1).
  ListWatch(Resource resource, Transport& transport, const Clock& clock,
            std::function<double()> random, ReflectorHandler& handler);

  // One LIST with all its pages, or one watch until it ends; says how long to wait before the next
  // step. Returns soon once `stop` is requested.
  Nanos Step(const std::stop_token& stop);

  ReflectorCounters counters() const;

 private:
  enum class Phase { kList, kWatch };
  struct Watching {
    bool any_event = false;
    std::optional<Failure> failure;  // an ERROR event or a broken frame
    // What a list by watch has brought so far; unset once it is complete, and for mere watches.
    std::optional<std::map<Key, RawObject>> initial{};
    Nanos last_byte{0};
  };

  Nanos List(const std::stop_token& stop);
  Nanos ListFailed(const Failure& failure);
  void Listed(std::vector<RawObject> objects, std::string resource_version);
  Nanos Watch(const std::stop_token& stop);
  Request WatchRequest(const std::stop_token& stop) const;
  Nanos WatchEnded(const StreamEnd& end, const Watching& watching, Nanos lasted);
  Nanos WatchRefused(const Failure& failure);
  // The watch ended before it had sent all objects.
  Nanos InitialEnded(const Result<StreamEnd>& end, const Watching& watching);
  bool Receive(std::string_view chunk, WatchParser& parser, Watching& watching);
  void Handle(WatchEvent event, Watching& watching);
  void Collect(WatchEvent event, Watching& watching);
  Nanos BackOff(Phase next, const Failure& failure, Backoff& backoff);
  void SetState(ReflectorState state);
  void Count(std::uint64_t ReflectorCounters::*counter);
  void Heard();

  const Resource resource_;
  Transport& transport_;
  const Clock& clock_;
  const std::function<double()> random_;
  ReflectorHandler& handler_;

  Phase phase_ = Phase::kList;
  std::string last_version_;          // opaque: never compared for order
  bool version_unavailable_ = false;  // the server cannot list at last_version_
  bool list_by_watch_ = true;         // until the server turns out not to offer it
  Backoff backoff_;
  // Of versions that expire: another failure's long wait must not precede a list that would work.
  Backoff expiry_backoff_;
  Nanos list_began_{0};
  std::optional<Nanos> last_failure_;
  std::optional<Nanos> last_expiry_;
  ReflectorState state_;

  mutable std::mutex counters_mutex_;
  ReflectorCounters counters_;
};

}  // namespace stevedore::kube
