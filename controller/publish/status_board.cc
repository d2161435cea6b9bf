#include "controller/publish/status_board.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "controller/publish/route_statuses.h"
#include "proxy/base/file.h"
#include "proxy/base/log.h"

namespace stevedore::publish {

bool StatusBoard::Publish(const std::vector<RouteUpdate>& updates) {
  bool done = true;
  std::set<kube::Key> present;
  for (const RouteUpdate& update : updates) {
    present.insert(update.key);
    api::RouteStatus status = update.status;
    const std::lock_guard lock(mutex_);
    const auto found = shown_.find(update.key);
    if (found != shown_.end() && !Differs(found->second, status)) continue;
    if (found != shown_.end()) {
      // The object in the file has no status of its own: transition times are kept here.
      for (api::Condition& condition : status.conditions)
        for (const api::Condition& old : found->second.conditions)
          if (old.type == condition.type && old.status == condition.status)
            condition.last_transition_time = old.last_transition_time;
    }
    LogChanges(update, found == shown_.end() ? nullptr : &found->second);
    done = WriteFile(update.key, api::EncodeWithStatus(update.key, "", "", status)) && done;
    shown_[update.key] = std::move(status);
  }
  const std::lock_guard lock(mutex_);
  for (auto it = shown_.begin(); it != shown_.end();) {
    if (present.contains(it->first)) {
      ++it;
      continue;
    }
    if (!directory_.empty())
      std::remove((directory_ + "/" + it->first.ns + "_" + it->first.name + ".json").c_str());
    spdlog::info("Removed route route={}", it->first.ToString());
    it = shown_.erase(it);
  }
  return done;
}

void StatusBoard::LogChanges(const RouteUpdate& update, const api::RouteStatus* shown) const {
  for (const api::Condition& condition : update.status.conditions) {
    const api::Condition* old = nullptr;
    if (shown != nullptr)
      for (const api::Condition& c : shown->conditions)
        if (c.type == condition.type) old = &c;
    if (old != nullptr && old->status == condition.status && old->reason == condition.reason &&
        old->message == condition.message)
      continue;
    const bool bad = condition.type == "Conflicted" || condition.status == "False";
    spdlog::log(bad ? spdlog::level::warn : spdlog::level::info,
                "Set condition file={} route={} condition={} status={} reason={} message=\"{}\"",
                update.origin, update.key.ToString(), condition.type, condition.status,
                condition.reason, condition.message);
  }
}

bool StatusBoard::WriteFile(const kube::Key& key, const std::string& text) const {
  if (directory_.empty()) return true;
  const auto written =
      WriteFileAtomically(directory_ + "/" + key.ns + "_" + key.name + ".json", text + "\n");
  if (!written)
    spdlog::warn("Could not write status route={} error=\"{}\"", key.ToString(),
                 written.error().detail);
  return static_cast<bool>(written);
}

std::string StatusBoard::Page() const {
  const std::lock_guard lock(mutex_);
  std::string items;
  for (const auto& [key, status] : shown_) {
    if (!items.empty()) items += ",";
    items += "\n" + api::EncodeWithStatus(key, "", "", status);
  }
  return "{\"items\": [" + items + "\n]}\n";
}

}  // namespace stevedore::publish
