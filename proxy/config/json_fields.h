// Fields: reads the fields of one JSON object strictly and reports everything that is wrong.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "proxy/config/field_error.h"
#include "proxy/config/field_path.h"
#include "proxy/config/json_tree.h"

namespace stevedore::config {

enum class Need { kOptional, kRequired };

// Every reader leaves its output untouched when the field is absent or wrong. Errors go to the list
// given at construction, which, like the node and the path's parents, must outlive this.
class Fields {
 public:
  // Reports a node that is no object, and repeated keys.
  Fields(const JsonNode& node, const FieldPath& path, FieldErrors& errors);

  void Integer(std::string_view name, std::int64_t& out, Need need = Need::kOptional);
  void Unsigned(std::string_view name, std::uint64_t& out, Need need = Need::kOptional);
  void Text(std::string_view name, std::string& out, Need need = Need::kOptional);
  void Boolean(std::string_view name, bool& out, Need need = Need::kOptional);

  template <class E>
  void Enum(std::string_view name, E& out,
            std::type_identity_t<std::span<const std::pair<std::string_view, E>>> names,
            Need need = Need::kOptional) {
    const JsonNode* node = Typed(name, JsonNode::Kind::kText, need);
    if (node == nullptr) return;
    std::vector<std::string_view> texts;
    for (const auto& [text, value] : names) {
      texts.push_back(text);
      if (text != node->text) continue;
      out = value;
      return;
    }
    ReportChoices(*node, texts);
  }

  // Calls read(item, path) for each item of the list.
  template <class Read>
  void List(std::string_view name, Read read, Need need = Need::kOptional) {
    const JsonNode* node = Typed(name, JsonNode::Kind::kList, need);
    if (node == nullptr) return;
    for (std::size_t i = 0; i < node->children.size(); ++i)
      read(node->children[i], path_.Item(name, i));
  }

  // Calls read(node, path) when the field is there; its type is for `read` to check.
  template <class Read>
  void Object(std::string_view name, Read read, Need need = Need::kOptional) {
    if (const JsonNode* node = Get(name, need)) read(*node, path_.Field(name));
  }

  // The field whatever its type, marked as known; null when absent, which is reported if needed.
  const JsonNode* Get(std::string_view name, Need need = Need::kOptional);
  // Reports an error about a field of this object, at its line.
  void Report(std::string_view name, std::string message);
  // Reports every field that no call has named, with the nearest name that was.
  void RefuseOthers();

 private:
  const JsonNode* Typed(std::string_view name, JsonNode::Kind kind, Need need);
  void ReportChoices(const JsonNode& node, const std::vector<std::string_view>& names);

  const JsonNode& node_;
  const FieldPath path_;
  FieldErrors& errors_;
  std::vector<std::string_view> known_;
};

// Reads an item of a list that must be text.
void ReadText(const JsonNode& node, const FieldPath& path, FieldErrors& errors, std::string& out);

}  // namespace stevedore::config
