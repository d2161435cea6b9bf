// ForeignWriters: routes whose status another controller keeps: two installations that claim one
// class, which would overwrite each other for ever. Pure; time is a parameter.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/publish/status_sink.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// A status that names another controller is left to it as long as it changes within kPatience, by
// our clock: statuses carry no sign of life but their changes. At first sight the time begins anew.
// Thread: one.
class ForeignWriters {
 public:
  static constexpr std::chrono::seconds kPatience{60};

  // Looks at what all objects say now; returns the routes to leave alone. Tells each controller in
  // the log once, when it appears.
  std::set<kube::Key> Look(const std::vector<RouteUpdate>& updates, Nanos now);

  // When the next of those routes becomes ours if nothing changes; nothing: there is none.
  std::optional<Nanos> next() const;

 private:
  struct Seen {
    std::string uid;
    api::RouteStatus status;
    Nanos at{0};
    bool left_to_it = true;
  };
  bool LeaveAlone(const RouteUpdate& update, Nanos now);

  std::map<kube::Key, Seen> seen_;
  std::set<std::string> told_;  // names of other controllers
};

}  // namespace stevedore::publish
