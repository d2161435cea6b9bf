#include "controller/publish/route_events.h"

#include <optional>
#include <string_view>

#include "controller/api/conditions.h"

namespace stevedore::publish {
namespace {

using api::ConditionType;
using api::Reason;

struct Watched {
  ConditionType type;
  const char* action;
};
// In the order in which they are told.
constexpr std::array kWatched = {
    Watched{ConditionType::kAccepted, "Accept"}, Watched{ConditionType::kResolvedRefs, "Resolve"},
    Watched{ConditionType::kConflicted, "Merge"}, Watched{ConditionType::kProgrammed, "Program"},
    Watched{ConditionType::kPeersAvailable, "Balance"}};

const api::Condition* Find(const api::RouteStatus& status, ConditionType type) {
  for (const api::Condition& condition : status.conditions)
    if (condition.type == ToString(type)) return &condition;
  return nullptr;
}

bool Is(const std::string& reason, Reason expected) { return reason == ToString(expected); }

struct Telling {
  bool warning = false;
  std::string reason;
  std::string note;
};

std::string Or(const std::string& message, const std::string& otherwise) {
  return message.empty() ? otherwise : message;
}

// What is told of a condition that turned good. `former_reason` is of the False that it was, empty
// when it was none.
std::optional<Telling> Good(const RouteUpdate& update, ConditionType type,
                            const api::Condition& condition, const std::string& former_reason) {
  switch (type) {
    case ConditionType::kAccepted:
      return Telling{
          false, condition.reason,
          Or(condition.message, "Accepted on port " + std::to_string(update.status.port))};
    case ConditionType::kProgrammed:
      return Telling{false, condition.reason, Or(condition.message, "The proxies forward for it")};
    case ConditionType::kResolvedRefs:
      if (former_reason.empty()) return std::nullopt;
      return Telling{false, condition.reason,
                     Or(condition.message, "Every Service and port is found")};
    case ConditionType::kPeersAvailable:
      if (former_reason.empty()) return std::nullopt;
      if (Is(former_reason, Reason::kUsingBackup))
        return Telling{false, "BackupDeactivated", "No upstream uses its backup peers any more"};
      return Telling{false, condition.reason, Or(condition.message, "Peers are ready again")};
    case ConditionType::kConflicted:  // True is its bad side
      // Then it is not accepted either, and that is told.
      if (Is(condition.reason, Reason::kPortOwnedByOtherNamespace)) return std::nullopt;
      return Telling{true, condition.reason, condition.message};
  }
  return std::nullopt;
}

std::optional<Telling> Bad(ConditionType type, const api::Condition& condition) {
  // That it is not accepted was told with the reason why.
  if (type == ConditionType::kProgrammed && Is(condition.reason, Reason::kInvalid))
    return std::nullopt;
  const bool backup = Is(condition.reason, Reason::kUsingBackup);
  return Telling{true, backup ? "BackupActivated" : condition.reason, condition.message};
}

ObjectReference Regarding(const RouteUpdate& update) {
  return {"stevedore.io/v1alpha1", "StevedoreRoute", update.key.ns,
          update.key.name,         update.uid,       update.resource_version};
}

}  // namespace

std::vector<Event> RouteEvents::Observe(const std::vector<RouteUpdate>& updates,
                                        const std::string& now) {
  static_assert(kWatched.size() == kTypes);
  std::vector<Event> events;
  ++round_;
  for (const RouteUpdate& update : updates) {
    if (update.foreign) continue;
    const auto [entry, is_new] = told_.try_emplace(update.key);
    Told& told = entry->second;
    if (is_new || told.uid != update.uid) {
      told = Told{update.uid, {}, 0};
      for (std::size_t i = 0; i < kTypes; ++i)
        if (const auto* former = Find(update.former, kWatched[i].type);
            former != nullptr && former->status != "Unknown")
          told.states[i] = {former->status, former->reason};
    }
    told.round = round_;
    Compare(update, now, told, events);
  }
  std::erase_if(told_, [this](const auto& entry) { return entry.second.round != round_; });
  return events;
}

void RouteEvents::Compare(const RouteUpdate& update, const std::string& now, Told& told,
                          std::vector<Event>& events) {
  const api::Condition* programmed = Find(update.status, ConditionType::kProgrammed);
  const bool pending = programmed == nullptr || programmed->status == "Unknown";
  for (std::size_t i = 0; i < kTypes; ++i) {
    const auto [type, action] = kWatched[i];
    State& state = told.states[i];
    const api::Condition* condition = Find(update.status, type);
    if (condition == nullptr) {  // only Conflicted goes, and that is no news
      state = {};
      continue;
    }
    if (condition->status == "Unknown" || (pending && type == ConditionType::kPeersAvailable))
      continue;
    State fresh{condition->status, condition->reason};
    if (fresh == state) continue;
    const std::string former_reason = state.status == "False" ? state.reason : "";
    const auto telling = condition->status == "True" ? Good(update, type, *condition, former_reason)
                                                     : Bad(type, *condition);
    state = std::move(fresh);
    if (telling)
      events.push_back(
          {Regarding(update), telling->warning, telling->reason, action, telling->note, now});
  }
}

}  // namespace stevedore::publish
