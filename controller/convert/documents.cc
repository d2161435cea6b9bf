#include "controller/convert/documents.h"

#include <variant>

#include "controller/source/yaml_json.h"
#include "proxy/config/json_tree.h"

namespace stevedore::convert {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string Member(const api::Json& object, const char* name) {
  const auto member = object.member(name);
  return member ? member->string().value_or("") : "";
}

// JSON objects that stand behind each other, as kubectl takes them, each as a text of its own. Text
// that is something else comes back whole.
std::vector<std::string_view> SplitJson(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos || text[start] != '{') return {text};
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = start; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{') ++depth;
    if (c != '}' || --depth > 0) continue;
    parts.push_back(text.substr(start, i + 1 - start));
    start = text.find_first_not_of(kBlanks, i + 1);
    if (start == std::string_view::npos) return parts;
    if (text[start] != '{') return {text};
    i = start - 1;
  }
  return {text};
}

void Add(const std::string& file, const api::Json& json, const std::string& default_ns,
         std::vector<Document>& into) {
  Document document{file, Member(json, "kind"), Member(json, "apiVersion"), {}, json};
  const auto items = json.member("items");
  if (document.kind.ends_with("List") && items && items->is_array()) {
    for (const api::Json& item : items->elements()) Add(file, item, default_ns, into);
    return;
  }
  if (const auto metadata = json.member("metadata"); metadata && !document.kind.empty()) {
    document.key = {Member(*metadata, "namespace"), Member(*metadata, "name")};
    if (document.key.ns.empty()) document.key.ns = default_ns;
  }
  into.push_back(std::move(document));
}

}  // namespace

Place Document::place() const {
  return {file, kind.empty() ? "" : kind + " " + key.ToString(), ""};
}

Form FormOf(const Input& input) {
  const std::size_t start = input.text.find_first_not_of(kBlanks);
  if (start == std::string::npos) return Form::kObjects;
  const std::string_view text = std::string_view(input.text).substr(start);
  if (text.starts_with("--") && !text.starts_with("---")) return Form::kArguments;
  if (text[0] != '{' && text[0] != '/') return Form::kObjects;
  const auto parsed = config::ParseJson(input.text);
  const auto* root = std::get_if<config::JsonNode>(&parsed);
  const bool ancestor =
      root != nullptr && (root->Find("Server") != nullptr || root->Find("Upload") != nullptr);
  return ancestor ? Form::kAncestor : Form::kObjects;
}

std::vector<Document> ParseDocuments(const Input& input, const std::string& default_ns,
                                     Conversion& into) {
  std::vector<Document> documents;
  const Place place{input.file, "", ""};
  for (const std::string_view part : SplitJson(input.text)) {
    auto texts = source::YamlToJson(part);
    if (!texts) {
      into.errors.push_back({place, "", texts.error().detail});
      return {};
    }
    for (const std::string& text : *texts) {
      const auto json = api::Json::Parse(text);
      if (json && json->is_object())
        Add(input.file, *json, default_ns, documents);
      else
        into.errors.push_back({place, json ? json->Text() : "", "must be objects in YAML or JSON"});
    }
  }
  return documents;
}

}  // namespace stevedore::convert
