// AckTracker: which routes each written config holds, so that the proxy's answer, which names a
// config by its digest, says something about every single route. Pure; time is a parameter.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/api/stevedore_route.h"
#include "controller/publish/route_statuses.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Thread: one.
class AckTracker {
 public:
  using Routes = std::map<kube::Key, std::shared_ptr<const api::StevedoreRoute>>;

  // How long the proxy may stand still before a config that was written is overdue.
  static constexpr std::chrono::seconds kPatience{10};

  // A new config was compiled, of these accepted routes; it is not in the file yet.
  void Compiled(Routes routes);
  // It is in the file, under this digest.
  void Wrote(const std::string& digest);

  // What `status`, the proxy's last answer, means for that config at `now`.
  ProxyAnswer Answer(std::optional<config::ProxyStatus> status, Nanos now);
  // Whether the last Answer() may change by time alone.
  bool waiting() const noexcept { return waiting_since_ && !overdue_; }

 private:
  struct Written {
    std::string digest;
    Routes routes;
  };
  std::set<kube::Key> HeldBy(const std::string& digest) const;

  Routes routes_;
  std::string digest_;           // of the written config; empty while it could not be written
  std::deque<Written> history_;  // newest last; the first is the one that the proxy runs
  std::string running_;          // the proxy's digest at the last Answer()
  std::optional<Nanos> waiting_since_;
  bool overdue_ = false;
};

}  // namespace stevedore::publish
