#include "controller/api/crd.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "controller/api/decode.h"
#include "controller/api/meta.h"

namespace stevedore::api {
namespace {

Error Invalid(const std::string& what) { return Error{Errc::kInvalid, what}; }

std::string Text(const std::optional<Json>& object, const std::string& name) {
  const auto member = object ? object->member(name) : std::nullopt;
  return member ? member->string().value_or("") : "";
}

Result<std::optional<std::int64_t>> Schema(const Json& crd) {
  const auto metadata = crd.member("metadata");
  const auto annotations = metadata ? metadata->member("annotations") : std::nullopt;
  const auto value = annotations ? annotations->member(kSchemaAnnotation) : std::nullopt;
  if (!value) return std::optional<std::int64_t>();
  const std::string text = value->string().value_or("");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0)
    return Invalid("annotation " + std::string(kSchemaAnnotation) + " is " + value->Text() +
                   ": must be an integer of 0 or more, in quotes");
  return std::optional(number);
}

void DecodeConditions(const Json& root, Crd& crd) {
  const auto status = root.member("status");
  const auto conditions = status ? status->member("conditions") : std::nullopt;
  if (!conditions) return;
  for (const Json& condition : conditions->elements()) {
    const std::string type = Text(condition, "type");
    const std::string state = Text(condition, "status");
    if (type == "Established") crd.established = state == "True";
    if (type == "NamesAccepted" && state == "False") crd.obstacle = Text(condition, "message");
  }
}

}  // namespace

Result<Crd> DecodeCrd(std::string_view json) {
  const auto root = Json::Parse(json);
  if (!root) return root.error();
  if (Text(*root, "kind") != "CustomResourceDefinition" ||
      Text(*root, "apiVersion") != "apiextensions.k8s.io/v1")
    return Invalid("not a CustomResourceDefinition of apiextensions.k8s.io/v1");
  Findings findings;
  Fields fields(*root, "", findings);
  Crd crd;
  crd.meta = DecodeMeta(fields);
  if (crd.meta.name.empty()) return Invalid("metadata.name is missing");
  auto schema = Schema(*root);
  if (!schema) return schema.error();
  crd.schema = *schema;
  const auto spec = root->member("spec");
  crd.kind = Text(spec ? spec->member("names") : std::nullopt, "kind");
  const auto versions = spec ? spec->member("versions") : std::nullopt;
  if (versions)
    for (const Json& version : versions->elements()) crd.versions.push_back(Text(version, "name"));
  if (crd.versions.empty()) return Invalid("spec.versions is empty");
  DecodeConditions(*root, crd);
  return crd;
}

std::string EncodeCrd(std::string_view json, const Crd* live) {
  using Ordered = nlohmann::ordered_json;
  // No object has this version: etcd starts to count above it.
  constexpr const char* kVersionOfNone = "1";
  const Ordered root = Ordered::parse(json);
  Ordered metadata = {{"name", root["metadata"]["name"]}};
  for (const char* const name : {"labels", "annotations"})
    if (root["metadata"].contains(name)) metadata[name] = root["metadata"][name];
  if (live != nullptr) metadata["uid"] = live->meta.uid;
  metadata["resourceVersion"] = live != nullptr ? live->meta.resource_version : kVersionOfNone;
  const Ordered object = {{"apiVersion", root["apiVersion"]},
                          {"kind", root["kind"]},
                          {"metadata", std::move(metadata)},
                          {"spec", root["spec"]}};
  return object.dump();
}

Result<> CheckOurs(const Crd& live, const Crd& ours) {
  if (live.schema) return Ok();
  const std::string start = "the CRD " + live.meta.name +
                            " in the cluster is not Stevedore's: it has no annotation " +
                            kSchemaAnnotation + ", and ";
  if (live.kind != ours.kind)
    return Error{Errc::kInvalid, start + "its kind is " + live.kind + ", not " + ours.kind};
  for (const std::string& version : live.versions)
    if (std::find(ours.versions.begin(), ours.versions.end(), version) == ours.versions.end())
      return Error{Errc::kInvalid, start + "a version " + version + ", which is unknown here"};
  return Ok();
}

bool IsNewer(const Crd& live, const Crd& ours) {
  return live.schema.value_or(-1) > ours.schema.value_or(-1);
}

}  // namespace stevedore::api
