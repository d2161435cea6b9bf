#include "proxy/config/json_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace stevedore::config {
namespace {

bool IsPlain(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

}  // namespace

JsonText& JsonText::Name(std::string_view name) {
  BeginItem();
  text_.append(1, '"').append(name).append("\": ");
  named_ = true;
  return *this;
}

void JsonText::Value(std::string_view text) {
  BeginItem();
  if (std::all_of(text.begin(), text.end(), IsPlain)) {
    text_.append(1, '"').append(text).append(1, '"');
    return;
  }
  const nlohmann::json odd(text);
  text_ += odd.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void JsonText::Raw(std::string_view text) {
  BeginItem();
  text_ += text;
}

void JsonText::Open(char bracket) {
  BeginItem();
  text_ += bracket;
  ++depth_;
  first_ = true;
}

void JsonText::Close(char bracket) {
  --depth_;
  if (!first_) NewLine();
  text_ += bracket;
  first_ = false;
}

// Of an array, or the name of a member; a value that a name waits for stands behind it.
void JsonText::BeginItem() {
  if (std::exchange(named_, false) || depth_ == 0) return;
  if (!std::exchange(first_, false)) text_ += ',';
  NewLine();
}

void JsonText::NewLine() {
  text_ += '\n';
  text_.append(2 * static_cast<std::size_t>(depth_), ' ');
}

std::string JsonText::Take() && {
  text_ += '\n';
  return std::move(text_);
}

}  // namespace stevedore::config
