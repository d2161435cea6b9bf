#include "controller/publish/status_board.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>

#include "controller/publish/route_statuses.h"
#include "proxy/base/file.h"
#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

constexpr std::size_t kMaxFileBytes = 1u << 20;
// As EncodeWithStatus() writes it.
constexpr const char* kOurKind = R"("kind":"StevedoreRoute")";

}  // namespace

bool StatusBoard::Publish(const std::vector<RouteUpdate>& updates) {
  const std::lock_guard lock(mutex_);
  std::set<kube::Key> present;
  for (const RouteUpdate& update : updates) {
    present.insert(update.key);
    Show(update);
  }
  Forget(present);
  if (!published_ && !directory_.empty()) RemoveStaleFiles();
  published_ = true;
  return WriteFiles();
}

void StatusBoard::Show(const RouteUpdate& update) {
  const auto found = shown_.find(update.key);
  if (found != shown_.end() && !Differs(found->second, update.status)) return;
  LogChanges(update, found == shown_.end() ? nullptr : &found->second);
  api::RouteStatus status = update.status;
  if (found != shown_.end()) {
    // The object in the manifest has no status of its own: transition times are kept here.
    for (api::Condition& condition : status.conditions)
      for (const api::Condition& old : found->second.conditions)
        if (old.type == condition.type && old.status == condition.status)
          condition.last_transition_time = old.last_transition_time;
  }
  shown_[update.key] = std::move(status);
  if (!directory_.empty()) unwritten_.insert(update.key);
}

void StatusBoard::Forget(const std::set<kube::Key>& present) {
  std::erase_if(shown_, [&](const auto& entry) {
    const kube::Key& key = entry.first;
    if (present.contains(key)) return false;
    spdlog::info("Removed route route={}", key.ToString());
    unwritten_.erase(key);
    if (!directory_.empty()) std::remove(FileOf(key).c_str());
    return true;
  });
}

// Files of a former process. Whatever else stands in the directory is somebody's own.
void StatusBoard::RemoveStaleFiles() const {
  std::set<std::string> wanted;
  for (const auto& [key, status] : shown_) wanted.insert(FileOf(key));
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, failed)) {
    const std::string path = directory_ + "/" + entry.path().filename().string();
    if (entry.path().extension() != ".json" || wanted.contains(path)) continue;
    const auto text = ReadFile(path, kMaxFileBytes);
    if (text && text->find(kOurKind) != std::string::npos) std::remove(path.c_str());
  }
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

bool StatusBoard::WriteFiles() {
  std::string error;
  std::erase_if(unwritten_, [&](const kube::Key& key) {
    const std::string text = api::EncodeWithStatus(key, "", "", shown_.at(key)) + "\n";
    const auto written = WriteFileAtomically(FileOf(key), text);
    if (!written) error = written.error().detail;
    return static_cast<bool>(written);
  });
  if (!error.empty() && error != told_error_)
    spdlog::warn("Could not write status, will retry error=\"{}\"", error);
  told_error_ = error;
  return unwritten_.empty();
}

std::string StatusBoard::FileOf(const kube::Key& key) const {
  return directory_ + "/" + key.ns + "_" + key.name + ".json";
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
