#include "controller/api/meta.h"

#include <tuple>

namespace stevedore::api {

kube::ObjectMeta DecodeMeta(Fields& object) {
  kube::ObjectMeta meta;
  auto fields = object.Object("metadata");
  if (!fields) return meta;
  const TextRule any{0, SIZE_MAX, nullptr, "a string"};
  meta.name = fields->String("name", any).value_or("");
  meta.ns = fields->String("namespace", any).value_or("");
  meta.uid = fields->String("uid", any).value_or("");
  meta.resource_version = fields->String("resourceVersion", any).value_or("");
  meta.generation = fields->Int("generation", {0, INT64_MAX}).value_or(0);
  meta.creation_timestamp = fields->String("creationTimestamp", any).value_or("");
  meta.deleting = fields->Has("deletionTimestamp");
  if (const auto labels = fields->Raw("labels"))
    for (const std::string& name : labels->member_names())
      if (const auto value = labels->member(name)) meta.labels[name] = value->string().value_or("");
  return meta;
}

bool SameMeta(const kube::ObjectMeta& a, const kube::ObjectMeta& b) {
  return a.resource_version == b.resource_version && SameButVersion(a, b);
}

bool SameButVersion(const kube::ObjectMeta& a, const kube::ObjectMeta& b) {
  const auto tie = [](const kube::ObjectMeta& m) {
    return std::tie(m.name, m.ns, m.uid, m.generation, m.creation_timestamp, m.deleting, m.labels);
  };
  return tie(a) == tie(b);
}

}  // namespace stevedore::api
