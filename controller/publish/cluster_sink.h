// ClusterSink: the writers of what only one replica may write to the API server: statuses, Events,
// the published Service. It asks them nothing while this replica may not write, and everything at
// once when it may again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "controller/publish/fence.h"
#include "controller/publish/foreign_writers.h"
#include "controller/publish/status_sink.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Thread: one, the sync loop's. Lifetime: clock and writers outlive it.
class ClusterSink final : public StatusSink {
 public:
  ClusterSink(const Clock& clock, Fence may_write)
      : clock_(clock), may_write_(std::move(may_write)) {}

  // Writers are asked in the order in which they were added. Each asks the fence again right before
  // each of its writes: what is true here may be over a moment later.
  void Add(StatusSink& writer) { writers_.push_back(&writer); }

  // Marks the routes that another controller keeps, and passes all of them on.
  bool Publish(const std::vector<RouteUpdate>& updates) override;
  bool due() const override;

 private:
  bool PublishToAll(const std::vector<RouteUpdate>& updates);

  const Clock& clock_;
  const Fence may_write_;
  std::vector<StatusSink*> writers_;
  ForeignWriters foreign_;
  bool published_ = false;  // since this replica may write
};

}  // namespace stevedore::publish
