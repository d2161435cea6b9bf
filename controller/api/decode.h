// Helpers that decode objects of the API: a JSON value and a reader of its members, which collects
// every problem with its path ("spec.rules[2].match[0].value") instead of stopping at the first.
// The JSON library stays in decode.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/config/field_error.h"

namespace stevedore::api {

// What decoding found wrong. `unsupported` is kept apart, because it says "this controller cannot",
// not "this is nonsense".
struct Findings {
  config::FieldErrors errors;
  config::FieldErrors unsupported;
  bool operator==(const Findings&) const = default;
};

// A value of a parsed document, which it keeps alive. Immutable; cheap to copy.
class Json {
 public:
  static Result<Json> Parse(std::string_view text);

  bool is_object() const;
  bool is_array() const;
  std::optional<std::int64_t> integer() const;  // nothing for fractions and what int64 cannot hold
  std::optional<std::string> string() const;
  std::optional<bool> boolean() const;
  // The member; nothing when it is missing or null, which the API server treats alike.
  std::optional<Json> member(const std::string& name) const;
  std::vector<std::string> member_names() const;  // sorted; empty unless an object
  std::vector<Json> elements() const;             // empty unless an array
  // For messages: JSON text, cut at 80 bytes.
  std::string Text() const;
  // The whole as JSON text.
  std::string Dump() const;

 private:
  explicit Json(std::shared_ptr<const void> node) : node_(std::move(node)) {}
  std::shared_ptr<const void> node_;
};

struct IntRange {
  std::int64_t min;
  std::int64_t max;
};
inline constexpr IntRange kPortRange{1, 65535};

// What a string must be. `expectation` completes "must be ...".
struct TextRule {
  std::size_t min_bytes = 0;
  std::size_t max_bytes = 253;
  bool (*accepts)(std::string_view) = nullptr;
  const char* expectation = "a string";
};

struct ListSize {
  std::size_t min = 0;
  std::size_t max = SIZE_MAX;
};

// Reads the members of one object. Every getter returns nothing when the member is absent or wrong;
// what is wrong goes to `findings`, which must outlive the reader.
class Fields {
 public:
  // A value that is no object is an error.
  Fields(Json value, std::string path, Findings& findings);

  bool Has(const std::string& name);
  // An error when the member is absent.
  void Require(const std::string& name);
  std::optional<std::int64_t> Int(const std::string& name, IntRange range);
  std::optional<bool> Bool(const std::string& name);
  std::optional<std::string> String(const std::string& name, const TextRule& rule);
  std::optional<Fields> Object(const std::string& name);
  // The elements, each with its path.
  std::vector<std::pair<Json, std::string>> List(const std::string& name, ListSize size = {});
  std::optional<Json> Raw(const std::string& name);
  template <class E, std::size_t N>
  std::optional<E> Enum(const std::string& name,
                        const std::array<std::pair<std::string_view, E>, N>& values) {
    std::vector<std::string_view> names;
    names.reserve(N);
    for (const auto& value : values) names.push_back(value.first);
    const auto index = Choice(name, names);
    return index ? std::optional<E>(values[*index].second) : std::nullopt;
  }

  // Reports all members that no getter asked for as unsupported.
  void RefuseUnknown();
  // Reports a problem with the member `name`, or with the object itself when it is empty.
  void Fail(const std::string& name, const std::string& message);

  std::string PathOf(const std::string& name) const;
  Findings& findings() const { return *findings_; }

 private:
  std::optional<std::size_t> Choice(const std::string& name,
                                    const std::vector<std::string_view>& values);

  Json value_;
  std::string path_;
  Findings* findings_;
  std::vector<std::string> asked_;
};

// "kcp-1": lower case letters, digits and inner hyphens.
bool IsLabel(std::string_view text);
// A label that starts with a letter.
bool IsServiceName(std::string_view text);

}  // namespace stevedore::api
