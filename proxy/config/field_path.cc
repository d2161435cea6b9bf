#include "proxy/config/field_path.h"

#include "proxy/config/field_error.h"

namespace stevedore::config {

std::string FieldPath::ToString() const {
  if (parent_ == nullptr) return "";
  std::string text = parent_->ToString();
  if (!text.empty()) text += '.';
  text += Printable(name_);
  if (index_) text += '[' + std::to_string(*index_) + ']';
  return text;
}

bool IsWithin(std::string_view path, std::string_view prefix) {
  if (prefix.empty()) return true;
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || path[prefix.size()] == '.' || path[prefix.size()] == '[';
}

std::string_view ParentPath(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

}  // namespace stevedore::config
