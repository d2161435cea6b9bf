// StatusBoard: statuses for people, where there is no API server: the log, the page /status, and
// one file per route.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "controller/publish/status_sink.h"

namespace stevedore::publish {

// Thread: Publish() on the sync loop's, Page() on any.
class StatusBoard final : public StatusSink {
 public:
  // `directory` (--status-dir): gets one <namespace>_<name>.json per route; empty: none are
  // written. Those of routes that went while nobody looked are removed at the first Publish().
  explicit StatusBoard(std::string directory) : directory_(std::move(directory)) {}

  // Tells conditions that changed in the log, keeps the page and the files in step. False while a
  // file could not be written.
  bool Publish(const std::vector<RouteUpdate>& updates) override;
  // {"items": [route objects with their status]}
  std::string Page() const;

 private:
  void LogChanges(const RouteUpdate& update, const api::RouteStatus* shown) const;
  void Show(const RouteUpdate& update);
  void Forget(const std::set<kube::Key>& present);
  void RemoveStaleFiles() const;
  bool WriteFiles();
  std::string FileOf(const kube::Key& key) const;

  const std::string directory_;
  mutable std::mutex mutex_;
  bool published_ = false;
  std::map<kube::Key, api::RouteStatus> shown_;
  std::set<kube::Key> unwritten_;  // routes whose file is behind
  std::string told_error_;         // of the last attempt to write files
};

}  // namespace stevedore::publish
