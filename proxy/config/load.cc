#include "proxy/config/load.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "proxy/config/document.h"
#include "proxy/config/field_path.h"

namespace stevedore::config {
namespace {

// Whether the field names an upstream: rules[].upstream, defaultUpstream and the ancestor's two.
bool IsReference(std::string_view path) { return path.ends_with("pstream"); }

// Whether this may have hidden the name of an upstream: an error of the list, of an entry, of a
// name, or a field at the top that was perhaps meant to be the list.
bool HidesName(std::string_view cause) {
  const std::string_view parent = ParentPath(cause);
  return parent.empty() || parent == "Upload" || cause.ends_with(".name") ||
         cause.ends_with(".Name");
}

// Whether an error of the validator may merely follow from a field that did not decode: the other
// fields of its object are then compared with a default that nobody wrote.
bool MayFollow(const FieldError& error, const FieldErrors& decode_errors) {
  return std::any_of(decode_errors.begin(), decode_errors.end(), [&](const FieldError& cause) {
    return ParentPath(error.path) == ParentPath(cause.path) || IsWithin(error.path, cause.path) ||
           IsWithin(cause.path, error.path) || (IsReference(error.path) && HidesName(cause.path));
  });
}

// The validator's error as one about the text: its path, wording and line.
FieldError Place(FieldError error, const Document& document) {
  if (document.seed) {
    error.path = document.seed->paths.ToSeed(error.path);
    const auto wording = document.seed->wording.find(error.path);
    if (wording != document.seed->wording.end()) error.message = wording->second;
  }
  error.line = LineOf(*document.tree, error.path);
  return error;
}

}  // namespace

Loaded Load(std::string_view text) {
  Document document = DecodeDocument(text);
  Loaded loaded;
  loaded.errors = document.decoded.errors;
  loaded.notes = document.decoded.notes;
  if (!document.tree) return loaded;
  auto checked = Validate(std::move(document.decoded.config));
  if (FieldErrors* errors = std::get_if<FieldErrors>(&checked)) {
    for (FieldError& error : *errors) {
      FieldError placed = Place(std::move(error), document);
      if (!MayFollow(placed, document.decoded.errors)) loaded.errors.push_back(std::move(placed));
    }
  }
  if (loaded.errors.empty()) loaded.config = std::move(std::get<ValidConfig>(checked));
  const auto by_line = [](const FieldError& a, const FieldError& b) { return a.line < b.line; };
  std::stable_sort(loaded.errors.begin(), loaded.errors.end(), by_line);
  std::stable_sort(loaded.notes.begin(), loaded.notes.end(), by_line);
  return loaded;
}

}  // namespace stevedore::config
