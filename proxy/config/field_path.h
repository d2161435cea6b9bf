// FieldPath: where a field stands in the config, cheap until it is printed.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stevedore::config {

// A link to the parent and one step below it. Building one costs no allocation, so that checks may
// carry one for every field of a large config. REQUIRES: the parent and the name outlive it.
class FieldPath {
 public:
  FieldPath() = default;  // the document itself

  FieldPath Field(std::string_view name) const { return FieldPath(this, name, std::nullopt); }
  // The element `index` of the list `name`.
  FieldPath Item(std::string_view name, std::size_t index) const {
    return FieldPath(this, name, index);
  }

  // "listeners[0].rules[2].name"; empty for the document.
  std::string ToString() const;

 private:
  FieldPath(const FieldPath* parent, std::string_view name, std::optional<std::size_t> index)
      : parent_(parent), name_(name), index_(index) {}

  const FieldPath* parent_ = nullptr;
  std::string_view name_;
  std::optional<std::size_t> index_;
};

// Whether `path` is `prefix` or lies below it.
bool IsWithin(std::string_view path, std::string_view prefix);
// The path of the object that holds the field; empty for a field of the document.
std::string_view ParentPath(std::string_view path);

}  // namespace stevedore::config
