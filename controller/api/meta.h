// metadata of any object.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/api/decode.h"
#include "controller/kube/object_meta.h"

namespace stevedore::api {

// Reads `metadata` of a whole object; what is missing keeps its default. Wrong types are findings.
kube::ObjectMeta DecodeMeta(Fields& object);

bool SameMeta(const kube::ObjectMeta& a, const kube::ObjectMeta& b);
// The same but for the resourceVersion, which moves with every write of a status, too.
bool SameButVersion(const kube::ObjectMeta& a, const kube::ObjectMeta& b);

}  // namespace stevedore::api
