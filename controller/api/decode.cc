#include "controller/api/decode.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace stevedore::api {
namespace {

const nlohmann::json& Node(const std::shared_ptr<const void>& node) {
  return *static_cast<const nlohmann::json*>(node.get());
}

bool IsLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string Quoted(const std::string& text) {
  return text.size() <= 80 ? "\"" + text + "\"" : "\"" + text.substr(0, 77) + "...\"";
}

}  // namespace

Result<Json> Json::Parse(std::string_view text) {
  auto node =
      std::make_shared<const nlohmann::json>(nlohmann::json::parse(text, nullptr, false, false));
  if (node->is_discarded()) return Error{Errc::kInvalid, "the object is not valid JSON"};
  return Json(std::move(node));
}

bool Json::is_object() const { return Node(node_).is_object(); }
bool Json::is_array() const { return Node(node_).is_array(); }

std::optional<std::int64_t> Json::integer() const {
  const nlohmann::json& node = Node(node_);
  if (!node.is_number_integer()) return std::nullopt;
  if (node.is_number_unsigned() && node.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
  return node.get<std::int64_t>();
}

std::optional<std::string> Json::string() const {
  const nlohmann::json& node = Node(node_);
  return node.is_string() ? std::optional(node.get<std::string>()) : std::nullopt;
}

std::optional<bool> Json::boolean() const {
  const nlohmann::json& node = Node(node_);
  return node.is_boolean() ? std::optional(node.get<bool>()) : std::nullopt;
}

std::optional<Json> Json::member(const std::string& name) const {
  const nlohmann::json& node = Node(node_);
  if (!node.is_object()) return std::nullopt;
  const auto found = node.find(name);
  if (found == node.end() || found->is_null()) return std::nullopt;
  return Json(std::shared_ptr<const void>(node_, &*found));
}

std::vector<std::string> Json::member_names() const {
  std::vector<std::string> names;
  const nlohmann::json& node = Node(node_);
  if (!node.is_object()) return names;
  for (const auto& item : node.items()) names.push_back(item.key());
  return names;
}

std::vector<Json> Json::elements() const {
  std::vector<Json> elements;
  const nlohmann::json& node = Node(node_);
  if (!node.is_array()) return elements;
  for (const auto& element : node)
    elements.push_back(Json(std::shared_ptr<const void>(node_, &element)));
  return elements;
}

std::string Json::Dump() const {
  return Node(node_).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string Json::Text() const {
  std::string text = Dump();
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

Fields::Fields(Json value, std::string path, Findings& findings)
    : value_(std::move(value)), path_(std::move(path)), findings_(&findings) {
  if (!value_.is_object()) Fail("", value_.Text() + ": must be an object");
}

bool Fields::Has(const std::string& name) { return Raw(name).has_value(); }

void Fields::Require(const std::string& name) {
  if (value_.is_object() && !Has(name)) Fail(name, "must be set");
}

std::optional<std::int64_t> Fields::Int(const std::string& name, IntRange range) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  const auto number = value->integer();
  if (number && *number >= range.min && *number <= range.max) return number;
  Fail(name, value->Text() + ": must be an integer from " + std::to_string(range.min) + " to " +
                 std::to_string(range.max));
  return std::nullopt;
}

std::optional<bool> Fields::Bool(const std::string& name) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  const auto boolean = value->boolean();
  if (!boolean) Fail(name, value->Text() + ": must be true or false");
  return boolean;
}

std::optional<std::string> Fields::String(const std::string& name, const TextRule& rule) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  auto text = value->string();
  if (!text) {
    Fail(name, value->Text() + ": must be a string (in YAML, put it in quotes)");
    return std::nullopt;
  }
  const bool fits = text->size() >= rule.min_bytes && text->size() <= rule.max_bytes;
  if (fits && (rule.accepts == nullptr || rule.accepts(*text))) return text;
  Fail(name, Quoted(*text) + ": must be " + rule.expectation);
  return std::nullopt;
}

std::optional<Fields> Fields::Object(const std::string& name) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  Fields fields(*value, PathOf(name), *findings_);
  return value->is_object() ? std::optional(std::move(fields)) : std::nullopt;
}

std::vector<std::pair<Json, std::string>> Fields::List(const std::string& name, ListSize size) {
  std::vector<std::pair<Json, std::string>> list;
  const auto value = Raw(name);
  if (!value) return list;
  if (!value->is_array()) {
    Fail(name, value->Text() + ": must be a list");
    return list;
  }
  for (Json& element : value->elements())
    list.emplace_back(std::move(element), PathOf(name) + "[" + std::to_string(list.size()) + "]");
  if (list.size() < size.min || list.size() > size.max)
    Fail(name, std::to_string(list.size()) + " entries: must have " + std::to_string(size.min) +
                   " to " + std::to_string(size.max));
  return list;
}

std::optional<Json> Fields::Raw(const std::string& name) {
  asked_.push_back(name);
  return value_.member(name);
}

std::optional<std::size_t> Fields::Choice(const std::string& name,
                                          const std::vector<std::string_view>& values) {
  const auto value = Raw(name);
  if (!value) return std::nullopt;
  const auto text = value->string();
  std::string expected;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (text == values[i]) return i;
    expected += (i == 0 ? "\"" : ", \"") + std::string(values[i]) + "\"";
  }
  Fail(name, value->Text() + ": must be one of " + expected);
  return std::nullopt;
}

void Fields::RefuseUnknown() {
  for (const std::string& name : value_.member_names())
    if (std::find(asked_.begin(), asked_.end(), name) == asked_.end())
      findings_->unsupported.push_back(
          {PathOf(name), "unknown field: a typo, or a newer version of Stevedore knows it"});
}

void Fields::Fail(const std::string& name, const std::string& message) {
  findings_->errors.push_back({PathOf(name), message});
}

std::string Fields::PathOf(const std::string& name) const {
  if (name.empty()) return path_;
  return path_.empty() ? name : path_ + "." + name;
}

bool IsLabel(std::string_view text) {
  if (text.empty() || !IsLowerAlnum(text.front()) || !IsLowerAlnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return IsLowerAlnum(c) || c == '-'; });
}

bool IsServiceName(std::string_view text) {
  return IsLabel(text) && text.front() >= 'a' && text.front() <= 'z';
}

}  // namespace stevedore::api
