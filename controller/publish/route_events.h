// RouteEvents: which changes of a route's conditions are worth an event. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controller/publish/event.h"
#include "controller/publish/status_sink.h"

namespace stevedore::publish {

// A condition's change of status or reason is told once, a change of its message never. Unknown
// tells nothing, so True, Unknown, True is no news; what is said of peers waits while the proxy has
// not answered. A route that is seen for the first time is compared with its object's own status:
// that is what was told before this process, or its turn, began. Nothing is told of routes whose
// status another controller keeps.
// Thread: one.
class RouteEvents {
 public:
  // What happened since the last call. `updates` are all routes; `now` as MicroTimestampNow().
  std::vector<Event> Observe(const std::vector<RouteUpdate>& updates, const std::string& now);
  // Somebody else tells from here on.
  void Forget() { told_.clear(); }

 private:
  static constexpr std::size_t kTypes = 5;
  struct State {
    std::string status;  // empty: nothing was told
    std::string reason;
    bool operator==(const State&) const = default;
  };
  struct Told {
    std::string uid;
    std::array<State, kTypes> states;
    std::uint64_t round = 0;  // of the last Observe() that had the route
  };
  static void Compare(const RouteUpdate& update, const std::string& now, Told& told,
                      std::vector<Event>& events);

  std::map<kube::Key, Told> told_;
  std::uint64_t round_ = 0;
};

}  // namespace stevedore::publish
