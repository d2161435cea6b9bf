#include "controller/api/route_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace stevedore::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr const Json* kNothing = nullptr;

const Json* Member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? kNothing : &*found;
}

std::string Text(const Json& object, const char* name) {
  const Json* value = Member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::int64_t Number(const Json& object, const char* name) {
  const Json* value = Member(object, name);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

template <class Each>
void ForEach(const Json& object, const char* name, Each each) {
  const Json* list = Member(object, name);
  if (list == nullptr || !list->is_array()) return;
  for (const Json& item : *list) each(item);
}

UpstreamCounts ReadUpstream(const Json& json) {
  UpstreamCounts counts;
  counts.name = Text(json, "name");
  counts.total = static_cast<int>(Number(json, "total"));
  counts.ready = static_cast<int>(Number(json, "ready"));
  if (Member(json, "healthy") != nullptr)
    counts.healthy = static_cast<int>(Number(json, "healthy"));
  counts.draining = static_cast<int>(Number(json, "draining"));
  const Json* backup = Member(json, "usingBackup");
  counts.using_backup = backup != nullptr && backup->is_boolean() && backup->get<bool>();
  return counts;
}

Json UpstreamJson(const UpstreamCounts& counts) {
  Json json = {{"name", counts.name}, {"total", counts.total}, {"ready", counts.ready}};
  if (counts.healthy) json["healthy"] = *counts.healthy;
  json["draining"] = counts.draining;
  json["usingBackup"] = counts.using_backup;
  return json;
}

Json ConditionJson(const Condition& condition) {
  return {{"type", condition.type},
          {"status", condition.status},
          {"observedGeneration", condition.observed_generation},
          {"lastTransitionTime", condition.last_transition_time},
          {"reason", condition.reason},
          {"message", condition.message}};
}

Json ListenerJson(const RouteStatus& status) {
  Json json = {
      {"port", status.port}, {"owner", status.owner}, {"attachedRoutes", status.attached_routes}};
  for (const ListenerAddress& address : status.addresses) {
    Json place = {{"type", address.type}, {"value", address.value}, {"port", address.port}};
    if (address.node_port != 0) place["nodePort"] = address.node_port;
    json["addresses"].push_back(std::move(place));
  }
  return json;
}

Json StatusJson(const RouteStatus& status) {
  Json json = {{"observedGeneration", status.observed_generation}};
  if (!status.controller_name.empty()) json["controllerName"] = status.controller_name;
  json["replicas"] = {{"total", status.replicas_total}, {"programmed", status.replicas_programmed}};
  json["peerSummary"] = status.peer_summary;
  if (status.port != 0) json["listener"] = ListenerJson(status);
  Json upstreams = Json::array();
  for (const UpstreamCounts& counts : status.upstreams) upstreams.push_back(UpstreamJson(counts));
  Json conditions = Json::array();
  for (const Condition& condition : status.conditions)
    conditions.push_back(ConditionJson(condition));
  json["upstreams"] = std::move(upstreams);
  json["conditions"] = std::move(conditions);
  return json;
}

constexpr std::size_t kMaxMessageBytes = 4096;

// Cut between characters of UTF-8.
std::string Cut(std::string text) {
  constexpr std::string_view kMore = " ...";
  if (text.size() <= kMaxMessageBytes) return text;
  std::size_t end = kMaxMessageBytes - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text.append(kMore);
}

}  // namespace

RouteStatus DecodeStatus(std::string_view object_json) {
  RouteStatus status;
  const Json object = Json::parse(object_json, nullptr, false);
  const Json* json = Member(object, "status");
  if (json == nullptr || !json->is_object()) return status;
  status.observed_generation = Number(*json, "observedGeneration");
  status.controller_name = Text(*json, "controllerName");
  if (const Json* replicas = Member(*json, "replicas")) {
    status.replicas_total = Number(*replicas, "total");
    status.replicas_programmed = Number(*replicas, "programmed");
  }
  status.peer_summary = Text(*json, "peerSummary");
  if (const Json* listener = Member(*json, "listener")) {
    status.port = Number(*listener, "port");
    status.owner = Text(*listener, "owner");
    status.attached_routes = Number(*listener, "attachedRoutes");
    ForEach(*listener, "addresses", [&status](const Json& item) {
      status.addresses.push_back({Text(item, "type"), Text(item, "value"), Number(item, "port"),
                                  Number(item, "nodePort")});
    });
  }
  ForEach(*json, "upstreams",
          [&status](const Json& item) { status.upstreams.push_back(ReadUpstream(item)); });
  ForEach(*json, "conditions", [&status](const Json& item) {
    status.conditions.push_back(
        {Text(item, "type"), Text(item, "status"), Number(item, "observedGeneration"),
         Text(item, "lastTransitionTime"), Text(item, "reason"), Text(item, "message")});
  });
  return status;
}

std::string EncodeWithStatus(const kube::Key& key, const std::string& uid,
                             const std::string& resource_version, const RouteStatus& status) {
  Json metadata = {{"name", key.name}, {"namespace", key.ns}};
  if (!uid.empty()) metadata["uid"] = uid;
  if (!resource_version.empty()) metadata["resourceVersion"] = resource_version;
  const Json object = {{"apiVersion", "stevedore.io/v1alpha1"},
                       {"kind", "StevedoreRoute"},
                       {"metadata", std::move(metadata)},
                       {"status", StatusJson(status)}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void SetCondition(RouteStatus& status, ConditionType type, const ConditionState& state,
                  std::int64_t generation, const std::string& now) {
  Condition wanted{std::string(ToString(type)),
                   std::string(ToString(state.status)),
                   generation,
                   now,
                   std::string(ToString(state.reason)),
                   Cut(state.message)};
  const auto found = std::find_if(status.conditions.begin(), status.conditions.end(),
                                  [&](const Condition& c) { return c.type == wanted.type; });
  if (found == status.conditions.end()) {
    status.conditions.push_back(std::move(wanted));
    return;
  }
  if (found->status == wanted.status && !found->last_transition_time.empty())
    wanted.last_transition_time = found->last_transition_time;
  *found = std::move(wanted);
}

void RemoveCondition(RouteStatus& status, ConditionType type) {
  std::erase_if(status.conditions, [type](const Condition& c) { return c.type == ToString(type); });
}

}  // namespace stevedore::api
