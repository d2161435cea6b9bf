// ListWatch: the rules by which one kind of resource is kept in step with the API server, one
// exchange at a time. No thread and no sleep of its own: a Reflector drives it.
// Source: client-go tools/cache/reflector.go and tools/pager.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/object_json.h"
#include "controller/kube/transport.h"
#include "controller/kube/watch_parser.h"
#include "proxy/base/backoff.h"
#include "proxy/base/clock.h"

namespace stevedore::kube {

// What is watched.
struct Resource {
  std::string name;  // for logs and metrics: "stevedoreroutes"
  std::string path;  // the collection: "/api/v1/services", or that of one namespace
  std::string label_selector;
};

struct ReflectorState {
  bool synced = false;  // one complete list was delivered; stays true
  std::string error;    // why the last exchange failed; empty while all is well

  bool operator==(const ReflectorState&) const = default;
};

// Counts since the start; names follow the metrics.
struct ReflectorCounters {
  std::uint64_t added = 0, modified = 0, deleted = 0, bookmarks = 0, errors = 0;
  std::uint64_t restarts_eof = 0, restarts_expired = 0, restarts_timeout = 0, restarts_error = 0;
  std::uint64_t lists = 0;         // complete ones
  std::uint64_t failed_lists = 0;  // they change nothing
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

// Only a DELETED event and a complete 200 to a LIST remove objects.
// Thread: one, but counters() any. Lifetime: transport, clock and handler outlive it.
class ListWatch {
 public:
  // `random` gives numbers in [0,1).
  ListWatch(Resource resource, Transport& transport, const Clock& clock,
            std::function<double()> random, ReflectorHandler& handler);

  // One LIST with all its pages, or one WATCH until it ends; says how long to wait before the next
  // step. Returns soon once `stop` is requested.
  Nanos Step(std::stop_token stop);

  ReflectorCounters counters() const;

 private:
  enum class Phase { kList, kWatch };
  // Why an exchange did not do what it should.
  struct Failure {
    ApiStatus status;  // code 0: no answer, or one that makes no sense; `message` says why
    std::optional<std::chrono::seconds> retry_after{};
  };
  static Failure Senseless(const std::string& message);
  struct Listing {
    std::vector<RawObject> objects;
    std::string resource_version;
    std::optional<Failure> failure;
  };
  struct Watching {
    bool any_event = false;
    std::optional<Failure> failure;  // an ERROR event or a broken frame
  };

  Nanos List(std::stop_token stop);
  Listing FetchAll(const std::string& resource_version, bool paged, std::stop_token stop);
  Nanos ListFailed(const Failure& failure);
  Nanos Watch(std::stop_token stop);
  Nanos WatchEnded(const StreamEnd& end, const Watching& watching, Nanos lasted);
  Nanos WatchRefused(const Failure& failure);
  bool Receive(std::string_view chunk, WatchParser& parser, Watching& watching);
  void Handle(WatchEvent event, Watching& watching);
  Nanos BackOff(Phase next, const Failure& failure);
  void SetState(bool synced, const std::string& error);
  void Count(std::uint64_t ReflectorCounters::*counter);

  const Resource resource_;
  Transport& transport_;
  const Clock& clock_;
  const std::function<double()> random_;
  ReflectorHandler& handler_;

  Phase phase_ = Phase::kList;
  std::string last_version_;          // opaque: never compared for order
  bool version_unavailable_ = false;  // the server cannot list at last_version_
  Backoff backoff_;
  Backoff denied_backoff_;
  std::optional<Nanos> last_failure_;
  std::optional<Nanos> last_expiry_;
  ReflectorState state_;

  mutable std::mutex counters_mutex_;
  ReflectorCounters counters_;
};

}  // namespace stevedore::kube
