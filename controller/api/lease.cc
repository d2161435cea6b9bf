#include "controller/api/lease.h"

#include <nlohmann/json.hpp>

namespace stevedore::api {
namespace {

using Json = nlohmann::json;

const Json& Member(const Json& object, const char* name) {
  static const Json kNothing;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() ? *found : kNothing;
}

std::string Text(const Json& object, const char* name) {
  const Json& value = Member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t Number(const Json& object, const char* name) {
  const Json& value = Member(object, name);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::map<std::string, std::string> Texts(const Json& object, const char* name) {
  std::map<std::string, std::string> texts;
  const Json& members = Member(object, name);
  if (!members.is_object()) return texts;
  for (const auto& [key, value] : members.items())
    if (value.is_string()) texts[key] = value.get<std::string>();
  return texts;
}

std::optional<PodOwner> OwnerIn(const Json& metadata) {
  const Json& owners = Member(metadata, "ownerReferences");
  if (!owners.is_array()) return {};
  for (const Json& owner : owners)
    if (Text(owner, "kind") == "Pod") return PodOwner{Text(owner, "name"), Text(owner, "uid")};
  return {};
}

// An empty value removes the member.
void SetText(Json& object, const char* name, const std::string& value) {
  if (value.empty()) {
    object.erase(name);
  } else {
    object[name] = value;
  }
}

void SetTexts(Json& object, const char* name, const std::map<std::string, std::string>& texts) {
  if (texts.empty()) {
    object.erase(name);
  } else {
    object[name] = texts;
  }
}

void SetOwner(Json& metadata, const PodOwner& owner) {
  Json& owners = metadata["ownerReferences"];
  if (!owners.is_array()) owners = Json::array();
  const Json wanted = {
      {"apiVersion", "v1"}, {"kind", "Pod"}, {"name", owner.name}, {"uid", owner.uid}};
  for (Json& entry : owners) {
    if (Text(entry, "kind") != "Pod") continue;
    if (Text(entry, "uid") != owner.uid) entry = wanted;
    return;
  }
  owners.push_back(wanted);
}

Json& ObjectAt(Json& parent, const char* name) {
  Json& child = parent[name];
  if (!child.is_object()) child = Json::object();
  return child;
}

}  // namespace

Result<Lease> DecodeLease(std::string_view json) {
  const Json root = Json::parse(json, nullptr, false);
  const Json& metadata = Member(root, "metadata");
  Lease lease;
  lease.key = {Text(metadata, "namespace"), Text(metadata, "name")};
  if (lease.key.name.empty()) return Error{Errc::kInvalid, "a Lease has no metadata.name"};
  lease.uid = Text(metadata, "uid");
  lease.resource_version = Text(metadata, "resourceVersion");
  lease.labels = Texts(metadata, "labels");
  lease.annotations = Texts(metadata, "annotations");
  lease.owner = OwnerIn(metadata);
  const Json& spec = Member(root, "spec");
  lease.holder = Text(spec, "holderIdentity");
  lease.duration_seconds = Number(spec, "leaseDurationSeconds");
  lease.acquire_time = Text(spec, "acquireTime");
  lease.renew_time = Text(spec, "renewTime");
  lease.transitions = Number(spec, "leaseTransitions");
  lease.raw = std::string(json);
  return lease;
}

std::string EncodeLease(const Lease& lease) {
  Json root = Json::parse(lease.raw, nullptr, false);
  if (!root.is_object()) root = Json::object();
  root["apiVersion"] = "coordination.k8s.io/v1";
  root["kind"] = "Lease";
  Json& metadata = ObjectAt(root, "metadata");
  metadata["name"] = lease.key.name;
  SetText(metadata, "namespace", lease.key.ns);
  SetText(metadata, "uid", lease.uid);
  SetText(metadata, "resourceVersion", lease.resource_version);
  SetTexts(metadata, "labels", lease.labels);
  SetTexts(metadata, "annotations", lease.annotations);
  metadata.erase("managedFields");  // the server keeps its own
  if (lease.owner) SetOwner(metadata, *lease.owner);
  Json& spec = ObjectAt(root, "spec");
  spec["holderIdentity"] = lease.holder;
  if (lease.duration_seconds > 0) spec["leaseDurationSeconds"] = lease.duration_seconds;
  SetText(spec, "acquireTime", lease.acquire_time);
  SetText(spec, "renewTime", lease.renew_time);
  spec["leaseTransitions"] = lease.transitions;
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stevedore::api
