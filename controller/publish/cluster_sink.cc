#include "controller/publish/cluster_sink.h"

#include <algorithm>

namespace stevedore::publish {

bool ClusterSink::Publish(const std::vector<RouteUpdate>& updates) {
  published_ = may_write_();
  if (!published_) return true;  // due() asks once this has changed
  const std::set<kube::Key> foreign = foreign_.Look(updates, clock_.Now());
  if (foreign.empty()) return PublishToAll(updates);
  std::vector<RouteUpdate> marked = updates;
  for (RouteUpdate& update : marked) update.foreign = foreign.contains(update.key);
  return PublishToAll(marked);
}

bool ClusterSink::PublishToAll(const std::vector<RouteUpdate>& updates) {
  bool done = true;
  for (StatusSink* writer : writers_) done = writer->Publish(updates) && done;
  return done;
}

bool ClusterSink::due() const {
  if (!may_write_()) return false;
  const auto next = foreign_.next();
  return !published_ || (next && clock_.Now() >= *next) ||
         std::any_of(writers_.begin(), writers_.end(),
                     [](const StatusSink* writer) { return writer->due(); });
}

}  // namespace stevedore::publish
