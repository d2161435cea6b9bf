// The small checks that the validator is made of. Each reports at its path.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/config/address.h"
#include "proxy/config/field_error.h"
#include "proxy/config/field_path.h"
#include "proxy/config/model.h"

namespace stevedore::config {

class Checks {
 public:
  explicit Checks(FieldErrors& errors) : errors_(errors) {}

  void Report(const FieldPath& path, std::string message);

  // All return whether the check holds.
  bool Range(const FieldPath& path, std::int64_t value, std::int64_t least, std::int64_t most);
  bool Count(const FieldPath& path, std::size_t count, std::size_t most);
  bool Name(const FieldPath& path, std::string_view name);
  // payload[start:end), reported at the fields `start` and `end` of `object`.
  bool ByteRange(const FieldPath& object, std::int64_t start, std::int64_t end);
  bool Conditions(const FieldPath& object, std::string_view list,
                  const std::vector<Condition>& conditions);

 private:
  FieldErrors& errors_;
};

// Names seen so far in one list, each with the index of its first entry.
class UniqueNames {
 public:
  // Reports a name that an earlier entry of `list` has.
  void Add(Checks& checks, const FieldPath& path, std::string_view list, std::size_t index,
           const std::string& name);
  bool Contains(std::string_view name) const { return first_.contains(name); }

 private:
  std::map<std::string, std::size_t, std::less<>> first_;
};

// What is wrong with a condition's value, the range named as `range` ("start 4 to end 6"). Nothing
// when the value fits, or when the range itself is wrong.
std::optional<std::string> ValueProblem(const Condition& condition, const std::string& range);

// Which addresses a field takes besides plain unicast ones.
enum class Wildcard { kRefuse, kAllow };
// What is wrong with an address in text: not one, not in canonical form, not unicast.
std::optional<std::string> AddressProblem(std::string_view text, Wildcard wildcard);

}  // namespace stevedore::config
