// Sink: where a source of objects (a cluster, or a directory of manifests) delivers them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/kube/object_meta.h"

namespace stevedore::source {

enum class Kind { kRoute, kService, kEndpointSlice, kEndpoints };

// One object as JSON text; who decodes it decides what it means.
struct Object {
  kube::Key key;
  std::string json;
  std::string origin;  // "file.yaml: document 2" in directory mode, empty in a cluster
};

// Implemented by store. Thread: called from the threads of the source, several at once; calls for
// one (kind, scope) come from one thread, in order. Must not block for long: a source waits for it.
class Sink {
 public:
  virtual ~Sink() = default;
  // The complete list of `kind` in `scope` (a namespace, or "" for all): what is not in it is gone.
  virtual void Replace(Kind kind, const std::string& scope, std::vector<Object> objects) = 0;
  // Adds or replaces one object.
  virtual void Apply(Kind kind, Object object) = 0;
  // The object is gone; unknown keys are ignored.
  virtual void Delete(Kind kind, const kube::Key& key) = 0;
};

}  // namespace stevedore::source
