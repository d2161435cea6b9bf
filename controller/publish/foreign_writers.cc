#include "controller/publish/foreign_writers.h"

#include <algorithm>

#include "proxy/base/log.h"

namespace stevedore::publish {

std::set<kube::Key> ForeignWriters::Look(const std::vector<RouteUpdate>& updates, Nanos now) {
  std::set<kube::Key> left;
  std::set<kube::Key> foreign;
  std::set<std::string> names;
  for (const RouteUpdate& update : updates) {
    const std::string& name = update.former.controller_name;
    if (name.empty() || name == update.status.controller_name) continue;
    foreign.insert(update.key);
    names.insert(name);
    if (!told_.contains(name) && names.size() > told_.size())
      spdlog::warn("Another controller writes statuses, leaving them to it controller={} route={}",
                   name, update.key.ToString());
    told_.insert(name);
    if (LeaveAlone(update, now)) left.insert(update.key);
  }
  std::erase_if(seen_, [&](const auto& entry) { return !foreign.contains(entry.first); });
  told_ = std::move(names);
  return left;
}

bool ForeignWriters::LeaveAlone(const RouteUpdate& update, Nanos now) {
  auto [found, is_new] = seen_.try_emplace(update.key);
  Seen& seen = found->second;
  if (is_new || seen.uid != update.uid || seen.status != update.former)
    seen = {update.uid, update.former, now, true};
  if (seen.left_to_it && now - seen.at >= kPatience) {
    seen.left_to_it = false;
    spdlog::info("Taking over a status that rests controller={} route={}",
                 update.former.controller_name, update.key.ToString());
  }
  return seen.left_to_it;
}

std::optional<Nanos> ForeignWriters::next() const {
  std::optional<Nanos> first;
  for (const auto& [key, seen] : seen_)
    if (seen.left_to_it && (!first || seen.at + kPatience < *first)) first = seen.at + kPatience;
  return first;
}

}  // namespace stevedore::publish
