#include "controller/convert/reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace stevedore::convert {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 10> kUnits = {{
    {"", 1},
    {"ns", 1e-9},
    {"us", 1e-6},
    {"ms", 1e-3},
    {"s", 1},
    {"m", 60},
    {"h", 3600},
    {"d", 86400},
    {"w", 7 * 86400},
    {"M", 30 * 86400},
}};
constexpr double kYear = 365 * 86400;

std::optional<double> UnitOf(std::string_view name) {
  if (name == "y") return kYear;
  const auto* found =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& u) { return u.first == name; });
  return found == kUnits.end() ? std::nullopt : std::optional(found->second);
}

std::string RangeText(api::IntRange range) {
  return std::to_string(range.min) + " to " + std::to_string(range.max);
}

}  // namespace

std::optional<double> ParseDuration(std::string_view text) {
  double sum = 0;
  bool any = false;
  while (!text.empty()) {
    if (any && text.front() == ' ') text.remove_prefix(1);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
    if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789. "), text.size());
    const auto unit = UnitOf(text.substr(0, letters));
    if (!unit) return std::nullopt;
    text.remove_prefix(letters);
    sum += number * *unit;
    any = true;
  }
  return any ? std::optional(sum) : std::nullopt;
}

Reader::Reader(api::Json json, Place place, Conversion& into)
    : json_(std::move(json)), place_(std::move(place)), into_(&into) {
  if (!json_.is_object()) Fail("", "must be an object");
}

std::optional<api::Json> Reader::Raw(const std::string& name) {
  known_.insert(name);
  return json_.member(name);
}

std::optional<std::string> Reader::Text(const std::string& name) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  auto text = value->string();
  if (!text) Fail(name, "must be a string");
  return text;
}

std::optional<std::int64_t> Reader::Number(const std::string& name, api::IntRange range) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  const auto number = value->integer();
  if (number && *number >= range.min && *number <= range.max) return number;
  Fail(name, "must be an integer from " + RangeText(range));
  return std::nullopt;
}

std::optional<bool> Reader::Flag(const std::string& name) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  const auto flag = value->boolean();
  if (!flag) Fail(name, "must be true or false");
  return flag;
}

std::optional<std::int64_t> Reader::Seconds(const std::string& name, api::IntRange range) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  const auto number = value->integer();
  const auto seconds = number ? std::optional(static_cast<double>(*number))
                              : ParseDuration(value->string().value_or("?"));
  if (!seconds || *seconds < 0) {
    Fail(name, "must be a duration such as \"30s\" or \"10m\"");
    return std::nullopt;
  }
  const double nearest = std::clamp(std::ceil(*seconds), static_cast<double>(range.min),
                                    static_cast<double>(range.max));
  const auto used = static_cast<std::int64_t>(nearest);
  if (nearest != *seconds)
    Lose(name, std::to_string(used) + " s is used, since Stevedore takes whole seconds from " +
                   RangeText(range));
  return used;
}

std::optional<std::int64_t> Reader::Fitting(const std::string& name, api::IntRange range) {
  const auto number = Number(name, {0, INT32_MAX});
  if (!number) return std::nullopt;
  const std::int64_t used = std::clamp(*number, range.min, range.max);
  if (used != *number)
    Lose(name, std::to_string(used) + " is used, since Stevedore takes " + RangeText(range));
  return used;
}

std::optional<Reader> Reader::Object(const std::string& name) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  Reader reader(*value, place_.Field(name), *into_);
  return value->is_object() ? std::optional(std::move(reader)) : std::nullopt;
}

std::vector<Reader> Reader::List(const std::string& name) {
  std::vector<Reader> list;
  const auto value = Raw(name);
  if (!value) return list;
  if (!value->is_array()) Fail(name, "must be a list");
  std::size_t index = 0;
  for (const api::Json& element : value->elements()) {
    Reader reader(element, place_.Item(name, index++), *into_);
    if (element.is_object()) list.push_back(std::move(reader));
  }
  return list;
}

std::vector<std::string> Reader::Texts(const std::string& name) {
  std::vector<std::string> texts;
  const auto value = Raw(name);
  if (!value) return texts;
  if (!value->is_array()) Fail(name, "must be a list of strings");
  for (const api::Json& element : value->elements()) {
    if (const auto text = element.string())
      texts.push_back(*text);
    else
      Fail(name, "must be a list of strings");
  }
  return texts;
}

void Reader::Skip(std::initializer_list<const char*> names) {
  known_.insert(names.begin(), names.end());
}

void Reader::Lose(const std::string& name, const std::string& why) {
  into_->losses.push_back(About(name, why));
}

void Reader::Fail(const std::string& name, const std::string& text) {
  into_->errors.push_back(About(name, text));
}

void Reader::LoseOthers(const std::string& why) {
  for (const std::string& name : json_.member_names())
    if (!known_.contains(name)) Lose(name, why);
}

Finding Reader::About(const std::string& name, const std::string& text) const {
  const auto value = name.empty() ? std::optional(json_) : json_.member(name);
  return {name.empty() ? place_ : place_.Field(name), value ? value->Text() : "", text};
}

}  // namespace stevedore::convert
