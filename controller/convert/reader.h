// Reader: reads one object of foreign configuration, and turns what is wrong or not known in it
// into findings with their place and value.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/convert/conversion.h"

namespace stevedore::convert {

// Getters return nothing when the member is absent; a wrong one is an error as well. The conversion
// outlives the reader.
class Reader {
 public:
  Reader(api::Json json, Place place, Conversion& into);

  std::optional<std::string> Text(const std::string& name);
  std::optional<std::int64_t> Number(const std::string& name, api::IntRange range);
  std::optional<bool> Flag(const std::string& name);
  // A duration as nginx and Go write it ("10m", "1h30m", "500ms", "5"), in whole seconds. One that
  // `range` or a second's grain cannot hold is a loss: the nearest is used.
  std::optional<std::int64_t> Seconds(const std::string& name, api::IntRange range);
  // A number that Stevedore limits further than the source does: cut with a loss.
  std::optional<std::int64_t> Fitting(const std::string& name, api::IntRange range);
  std::optional<Reader> Object(const std::string& name);
  std::vector<Reader> List(const std::string& name);  // of objects
  std::vector<std::string> Texts(const std::string& name);
  std::optional<api::Json> Raw(const std::string& name);
  // Marks members as known although they have no meaning here.
  void Skip(std::initializer_list<const char*> names);

  // About the member `name`, or the object itself when that is empty.
  void Lose(const std::string& name, const std::string& why);
  void Fail(const std::string& name, const std::string& text);
  // Losses of all members that nobody asked for, with one sentence.
  void LoseOthers(const std::string& why);

  const Place& place() const { return place_; }
  const api::Json& json() const { return json_; }
  Conversion& into() const { return *into_; }

 private:
  Finding About(const std::string& name, const std::string& text) const;

  api::Json json_;
  Place place_;
  Conversion* into_;
  std::set<std::string> known_;
};

// Seconds of a duration in text, with its fraction; nothing when it is none. Units: ms, s, m, h, d,
// w, M, y and Go's us and ns; a number alone is seconds.
std::optional<double> ParseDuration(std::string_view text);

}  // namespace stevedore::convert
