// What the tests of this folder begin with: documents out of YAML, and findings as lines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controller/convert/documents.h"
#include "controller/convert/reader.h"

namespace stevedore::convert {

// REQUIRES: text that parses.
inline std::vector<Document> Parsed(const std::string& text) {
  Conversion conversion;
  auto documents = ParseDocuments({"f.yaml", text}, "default", conversion);
  EXPECT_TRUE(conversion.errors.empty()) << ToString(conversion.errors.front());
  return documents;
}

// A reader of the one object in `text`.
inline Reader ReaderOf(const std::string& text, Conversion& into) {
  return Reader(Parsed(text).at(0).json, {"f.yaml", "Kind ns/name", ""}, into);
}

inline std::vector<std::string> Lines(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const Finding& finding : findings) lines.push_back(ToString(finding));
  return lines;
}

}  // namespace stevedore::convert
