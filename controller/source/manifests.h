// Manifests: files of objects as one would `kubectl apply` them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/source/sink.h"
#include "proxy/base/result.h"

namespace stevedore::source {

// Something in a file that kept objects from being read. `message` starts with the line when it is
// known: "line 12: ...".
struct SourceProblem {
  std::string file;
  std::string message;
  bool operator==(const SourceProblem&) const = default;
};

struct Manifests {
  std::map<Kind, std::vector<Object>> objects;
  std::vector<SourceProblem> problems;
};

// The objects of one file's text, `file` being their origin. Lists are taken apart; other kinds are
// left out. metadata gets what the API server would have set: namespace "default", generation 1.
// With an error, nothing of the file is to be used. Problems of single objects are in the result.
Result<Manifests> ParseManifests(const std::string& file, std::string_view text);

// Adds `more` to `manifests`. An object that is there already stays, and the second is a problem.
void Merge(Manifests& manifests, Manifests more);

// The manifests of a directory: paths of its *.yaml, *.yml and *.json, sorted; hidden files are
// left out. Errors: the directory cannot be read.
Result<std::vector<std::string>> ListManifests(const std::string& directory);

// All objects of the files and directories, in their order: for `compile -f`.
Manifests LoadManifests(const std::vector<std::string>& paths);

// Hands all objects to the sink, every kind, in scope "".
void Deliver(const Manifests& manifests, Sink& sink);

}  // namespace stevedore::source
