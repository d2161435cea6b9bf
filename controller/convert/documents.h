// Documents: the objects of the input files, whatever program they are for.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/api/decode.h"
#include "controller/convert/conversion.h"

namespace stevedore::convert {

// A file as it was read; "stdin" is the name of standard input.
struct Input {
  std::string file;
  std::string text;
};

// One object: a Kubernetes object, or a file's whole content where it is none (kind is empty).
struct Document {
  std::string file;
  std::string kind;
  std::string api_version;
  kube::Key key;  // of a Kubernetes object; its namespace may be a default
  api::Json json;
  bool used = false;  // a reader took it in

  // The document itself: "TransportServer dns/dns-udp".
  Place place() const;
};

// Form of a text that is no stream of objects.
enum class Form {
  kObjects,
  kAncestor,   // the ancestor's JSON with comments, known by its keys
  kArguments,  // a command line: "--entrypoints.dns.address=:53/udp"
};
Form FormOf(const Input& input);

// The objects of YAML or JSON: several documents, concatenated JSON, Lists taken apart. An object
// without namespace is in `default_ns`. What does not parse goes to the errors.
std::vector<Document> ParseDocuments(const Input& input, const std::string& default_ns,
                                     Conversion& into);

}  // namespace stevedore::convert
