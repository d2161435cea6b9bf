// StatusBoard: statuses for people, where there is no API server: the log, the page /status, and
// one file per route.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "controller/publish/status_sink.h"

namespace stevedore::publish {

// Thread: Publish() on the sync loop's, Page() on any.
class StatusBoard final : public StatusSink {
 public:
  // `directory` (--status-dir): gets one <namespace>_<name>.json per route; empty: none are
  // written.
  explicit StatusBoard(std::string directory) : directory_(std::move(directory)) {}

  // Tells conditions that changed in the log, keeps the page and the files in step.
  bool Publish(const std::vector<RouteUpdate>& updates) override;
  // {"items": [route objects with their status]}
  std::string Page() const;

 private:
  void LogChanges(const RouteUpdate& update, const api::RouteStatus* shown) const;
  bool WriteFile(const kube::Key& key, const std::string& text) const;

  const std::string directory_;
  mutable std::mutex mutex_;
  std::map<kube::Key, api::RouteStatus> shown_;
};

}  // namespace stevedore::publish
