#include "controller/publish/event_correlator.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace stevedore::publish {
namespace {

constexpr std::chrono::seconds kSweepInterval{60};
// Of an object's name: with a dot and 16 digits it stays below the limit of names, 253.
constexpr std::size_t kNameBytes = 230;

std::string IdOf(const ObjectReference& object) {
  return object.uid.empty() ? object.kind + " " + object.ns + "/" + object.name : object.uid;
}

}  // namespace

bool EventCorrelator::Add(const Event& event, Nanos now) {
  if (waiting_.size() >= kMaxWaiting) return false;
  Sweep(now);
  const std::string uid = IdOf(event.regarding);
  Object& object = objects_[uid];
  object.last_seen = now;
  Similar& similar = object.similar[event.reason];
  if (now - similar.last_seen >= kWindow) similar.notes.clear();
  similar.last_seen = now;
  const bool combined = similar.notes.size() >= kSimilar && !similar.notes.contains(event.note);
  if (!combined) similar.notes.insert(event.note);
  const std::string id = event.reason + "\n" + (combined ? "" : event.note);
  Series& series = object.series[id];
  if (!series.waiting && now - series.last_seen >= kWindow) series = Series();
  if (series.count == 0) {
    series.event = event;
    series.name = NewName(event.regarding.name);
    if (combined) series.event.note = "(combined from similar events): " + event.note;
  }
  ++series.count;
  series.last_time = event.time;
  series.last_seen = now;
  Enqueue(uid, id, series);
  return true;
}

void EventCorrelator::Enqueue(const std::string& uid, const std::string& id, Series& series) {
  if (series.waiting) return;
  series.waiting = true;
  waiting_.emplace_back(uid, id);
}

std::string EventCorrelator::NewName(const std::string& object_name) {
  std::string name = object_name.substr(0, kNameBytes);
  while (!name.empty() && std::isalnum(static_cast<unsigned char>(name.back())) == 0)
    name.pop_back();
  char hex[24];
  std::snprintf(hex, sizeof(hex), ".%016llx", static_cast<unsigned long long>(random_()));
  return name + hex;
}

void EventCorrelator::Refill(Object& object, Nanos now) {
  const std::chrono::duration<double> passed = now - object.refilled_at;
  if (now > object.refilled_at)
    object.budget =
        std::min(kBurst, object.budget + passed / std::chrono::duration<double>(kRefill));
  object.refilled_at = now;
}

std::optional<EventCorrelator::Write> EventCorrelator::Next(Nanos now) {
  for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
    Object& object = objects_.at(it->first);
    Refill(object, now);
    if (object.budget < 1) continue;
    object.budget -= 1;
    Series& series = object.series.at(it->second);
    series.waiting = false;
    Write write{!series.created,  series.name,  series.event, series.count,
                series.last_time, series.tries, it->second};
    waiting_.erase(it);
    return write;
  }
  return std::nullopt;
}

EventCorrelator::Series* EventCorrelator::Find(const Write& write) {
  const auto object = objects_.find(IdOf(write.event.regarding));
  if (object == objects_.end()) return nullptr;
  const auto series = object->second.series.find(write.series);
  return series == object->second.series.end() ? nullptr : &series->second;
}

void EventCorrelator::Written(const Write& write) {
  Series* series = Find(write);
  if (series == nullptr) return;
  series->created = true;
  series->told = write.count;
  series->tries = 0;
  if (series->count > series->told) Enqueue(IdOf(write.event.regarding), write.series, *series);
}

void EventCorrelator::Gone(const Write& write) {
  Series* series = Find(write);
  if (series == nullptr) return;
  series->created = false;
  series->name = NewName(write.event.regarding.name);
  series->count -= series->told;
  series->told = 0;
  series->event.time = series->last_time;
  Enqueue(IdOf(write.event.regarding), write.series, *series);
}

void EventCorrelator::Failed(const Write& write, bool again) {
  Series* series = Find(write);
  if (series == nullptr) return;
  ++series->tries;
  Object& object = objects_.at(IdOf(write.event.regarding));
  object.budget = std::min(kBurst, object.budget + 1);
  if (again) return Enqueue(IdOf(write.event.regarding), write.series, *series);
  series->tries = 0;
  if (series->created || series->waiting) {
    series->told = write.count;
  } else {
    object.series.erase(write.series);
  }
}

std::optional<Nanos> EventCorrelator::DueAt(Nanos now) {
  std::optional<Nanos> due;
  for (const auto& [uid, series] : waiting_) {
    Object& object = objects_.at(uid);
    Refill(object, now);
    const std::chrono::duration<double> wait =
        std::max(0.0, 1 - object.budget) * std::chrono::duration<double>(kRefill);
    const Nanos at = now + std::chrono::ceil<std::chrono::milliseconds>(wait);
    if (!due || at < *due) due = at;
    if (*due == now) break;
  }
  return due;
}

void EventCorrelator::Clear() {
  objects_.clear();
  waiting_.clear();
}

void EventCorrelator::Sweep(Nanos now) {
  if (now - swept_at_ < kSweepInterval && objects_.size() < kMaxObjects) return;
  swept_at_ = now;
  for (auto& [uid, object] : objects_) {
    std::erase_if(object.series, [now](const auto& entry) {
      return !entry.second.waiting && now - entry.second.last_seen >= kWindow;
    });
    std::erase_if(object.similar,
                  [now](const auto& entry) { return now - entry.second.last_seen >= kWindow; });
    Refill(object, now);
  }
  std::erase_if(objects_, [](const auto& entry) {
    return entry.second.series.empty() && entry.second.budget >= kBurst;
  });
  if (objects_.size() >= kMaxObjects) HalveObjects();
}

void EventCorrelator::HalveObjects() {
  std::vector<Nanos> ages;
  for (const auto& [uid, object] : objects_) ages.push_back(object.last_seen);
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  std::set<std::string> busy;
  for (const auto& [uid, series] : waiting_) busy.insert(uid);
  std::erase_if(objects_, [&](const auto& entry) {
    return entry.second.last_seen <= *middle && !busy.contains(entry.first);
  });
}

}  // namespace stevedore::publish
