// AckTracker: which routes each written config holds, so that our proxy's answer, which names a
// config by its digest, says something about every single route. Pure; time is a parameter.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "controller/publish/ack_reader.h"
#include "controller/publish/replicas.h"
#include "controller/publish/route_set.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Thread: one.
class AckTracker {
 public:
  // How long the proxy may stand still before a config that was written is overdue.
  static constexpr std::chrono::seconds kPatience{10};
  // A status file that does not change for so long has no proxy behind it: three signs of life.
  static constexpr std::chrono::seconds kSilence{30};

  explicit AckTracker(ReplicaName self = {}) : self_(std::move(self)) {}

  // A new config was compiled, of these accepted routes; it is not in the file yet.
  void Compiled(std::shared_ptr<const RouteSet> routes);
  // It is in the file, under this digest.
  void Wrote(const std::string& digest);

  // What `ack`, the proxy's last answer, means at `now`. REQUIRES: Compiled() was called.
  ReplicaAnswer Answer(const Ack& ack, Nanos now);
  // Whether time alone may have changed the last Answer(), the proxy's answer being the same.
  bool Due(const Ack& ack, Nanos now) const;

 private:
  struct Written {
    std::string digest;
    std::shared_ptr<const RouteSet> routes;
  };
  static bool Silent(const Ack& ack, Nanos now);
  api::ProxyState StateOf(const Ack& ack) const;

  const ReplicaName self_;
  std::shared_ptr<const RouteSet> routes_;
  std::string digest_;           // of the written config; empty while it could not be written
  std::deque<Written> history_;  // newest last; the first is the one that the proxy runs
  std::string running_;          // the proxy's digest at the last Answer()
  std::optional<Nanos> waiting_since_;
  bool overdue_ = false;
  bool silent_ = false;
};

}  // namespace stevedore::publish
