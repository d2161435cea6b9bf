#include "proxy/config/json_fields.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>

namespace stevedore::config {
namespace {

std::string_view KindName(JsonNode::Kind kind) {
  switch (kind) {
    case JsonNode::Kind::kBoolean:
      return "true or false";
    case JsonNode::Kind::kInteger:
      return "a whole number";
    case JsonNode::Kind::kText:
      return "text in double quotes";
    case JsonNode::Kind::kList:
      return "a list";
    case JsonNode::Kind::kObject:
      return "an object";
    default:
      return "something else";
  }
}

bool IsKind(const JsonNode& node, JsonNode::Kind kind, const FieldPath& path, FieldErrors& errors) {
  if (node.kind == kind) return true;
  errors.push_back(
      {path.ToString(), Describe(node) + ": must be " + std::string(KindName(kind)), node.line});
  return false;
}

// Edit distance without regard to case; names are short.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t swap = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({swap, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// The known name that was probably meant; empty when none is near.
std::string_view Nearest(std::string_view name, const std::vector<std::string_view>& known) {
  constexpr std::size_t kLongestName = 64;
  std::string_view best;
  if (name.size() > kLongestName) return best;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = Distance(name, candidate);
    if (distance < std::min(least, candidate.size())) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace

Fields::Fields(const JsonNode& node, const FieldPath& path, FieldErrors& errors)
    : node_(node), path_(path), errors_(errors) {
  if (!IsKind(node, JsonNode::Kind::kObject, path, errors)) return;
  std::map<std::string_view, int> first_lines;
  for (const JsonNode& child : node.children) {
    const auto [seen, fresh] = first_lines.try_emplace(child.key, child.line);
    if (fresh) continue;
    errors.push_back({path_.Field(child.key).ToString(),
                      "given twice, first in line " + std::to_string(seen->second), child.line});
  }
}

const JsonNode* Fields::Get(std::string_view name, Need need) {
  known_.push_back(name);
  const JsonNode* found = node_.Find(name);
  if (found == nullptr && need == Need::kRequired && node_.kind == JsonNode::Kind::kObject)
    Report(name, "missing: must be set");
  return found;
}

const JsonNode* Fields::Typed(std::string_view name, JsonNode::Kind kind, Need need) {
  const JsonNode* found = Get(name, need);
  if (found == nullptr || !IsKind(*found, kind, path_.Field(name), errors_)) return nullptr;
  return found;
}

void Fields::Integer(std::string_view name, std::int64_t& out, Need need) {
  const JsonNode* found = Typed(name, JsonNode::Kind::kInteger, need);
  if (found == nullptr) return;
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (found->magnitude > kMax) {
    Report(name, Describe(*found) + ": must be within 64 bits");
    return;
  }
  const auto magnitude = static_cast<std::int64_t>(found->magnitude);
  out = found->negative ? -magnitude : magnitude;
}

void Fields::Unsigned(std::string_view name, std::uint64_t& out, Need need) {
  const JsonNode* found = Typed(name, JsonNode::Kind::kInteger, need);
  if (found == nullptr) return;
  if (found->negative) {
    Report(name, Describe(*found) + ": must be 0 or more");
    return;
  }
  out = found->magnitude;
}

void Fields::Text(std::string_view name, std::string& out, Need need) {
  if (const JsonNode* found = Typed(name, JsonNode::Kind::kText, need)) out = found->text;
}

void Fields::Boolean(std::string_view name, bool& out, Need need) {
  if (const JsonNode* found = Typed(name, JsonNode::Kind::kBoolean, need)) out = found->boolean;
}

void Fields::Report(std::string_view name, std::string message) {
  const JsonNode* found = node_.Find(name);
  errors_.push_back({path_.Field(name).ToString(), std::move(message),
                     found != nullptr ? found->line : node_.line});
}

void Fields::ReportChoices(const JsonNode& node, const std::vector<std::string_view>& names) {
  std::string message = Quote(node.text) + ": must be one of ";
  for (const std::string_view name : names) {
    if (name != names.front()) message += ", ";
    message += Quote(name);
  }
  Report(node.key, std::move(message));
}

void Fields::RefuseOthers() {
  if (node_.kind != JsonNode::Kind::kObject) return;
  for (const JsonNode& child : node_.children) {
    if (std::find(known_.begin(), known_.end(), child.key) != known_.end()) continue;
    const std::string_view meant = Nearest(child.key, known_);
    std::string message = "unknown field";
    if (!meant.empty()) message += ": did you mean " + Quote(meant) + '?';
    errors_.push_back({path_.Field(child.key).ToString(), std::move(message), child.line});
  }
}

void ReadText(const JsonNode& node, const FieldPath& path, FieldErrors& errors, std::string& out) {
  if (IsKind(node, JsonNode::Kind::kText, path, errors)) out = node.text;
}

}  // namespace stevedore::config
