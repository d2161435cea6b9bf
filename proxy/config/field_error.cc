#include "proxy/config/field_error.h"

namespace stevedore::config {
namespace {

constexpr std::size_t kMaxQuotedBytes = 80;

// The longest start of `text` of at most `limit` bytes that cuts no UTF-8 character.
std::string_view Shorten(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

std::string Printable(std::string_view text) {
  const std::string_view shown = Shorten(text, kMaxQuotedBytes);
  std::string result;
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    result.push_back(byte < 0x20 || byte == 0x7f ? '?' : c);
  }
  if (shown.size() < text.size()) result += "...";
  return result;
}

std::string Quote(std::string_view text) { return '"' + Printable(text) + '"'; }

std::string ToString(const FieldError& error) {
  std::string text;
  if (error.line > 0) text += "line " + std::to_string(error.line) + ": ";
  if (!error.path.empty()) text += error.path + ": ";
  return text + error.message;
}

}  // namespace stevedore::config
