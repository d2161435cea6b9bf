// A CustomResourceDefinition, as far as bringing one into a cluster needs it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/object_meta.h"
#include "proxy/base/result.h"

namespace stevedore::api {

// Counts the states of our schema: an integer that rises with each change.
inline constexpr const char* kSchemaAnnotation = "stevedore.io/schema";

struct Crd {
  kube::ObjectMeta meta;               // of a file: only the name
  std::optional<std::int64_t> schema;  // nothing without the annotation
  std::string kind;                    // what it defines, and in which versions
  std::vector<std::string> versions;
  bool established = false;  // its objects are served
  std::string obstacle;      // what the API server has against its names; mostly empty
};

// Errors: kInvalid, the text is no CRD with a name and a version, or its annotation is no integer
// of 0 or more.
Result<Crd> DecodeCrd(std::string_view json);

// What server-side apply is sent: name, labels, annotations and spec of the CRD `json`, for the one
// state that `live` has. Null: for the case that there is none, and a conflict otherwise.
// REQUIRES: DecodeCrd() takes `json`.
std::string EncodeCrd(std::string_view json, const Crd* live);

// Is `live` a state of what `ours` defines? With the annotation it is Stevedore's; without it must
// have no kind and no version that `ours` lacks. Errors: kInvalid says what it is.
Result<> CheckOurs(const Crd& live, const Crd& ours);

// `live` is Stevedore's, and newer than `ours`.
bool IsNewer(const Crd& live, const Crd& ours);

}  // namespace stevedore::api
