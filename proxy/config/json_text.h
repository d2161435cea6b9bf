// JsonText: writes JSON straight into text, two spaces of indentation a level: what a config of
// 10 000 peers is too large for to build a tree of first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace stevedore::config {

// Thread: one. The caller opens and closes in pairs, and names each member of an object.
class JsonText {
 public:
  // The next member of the object that is open.
  JsonText& Name(std::string_view name);

  void Value(std::string_view text);  // bytes that are no UTF-8 become U+FFFD
  void Value(const char* text) { Value(std::string_view(text)); }
  void Value(bool value) { Raw(value ? "true" : "false"); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void Value(T number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    Raw({digits, static_cast<std::size_t>(end - digits)});
  }

  // The shortest text that reads back the same. REQUIRES: finite.
  void Value(double number) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    Raw({digits, static_cast<std::size_t>(end - digits)});
  }
  void Null() { Raw("null"); }

  void OpenObject() { Open('{'); }
  void CloseObject() { Close('}'); }
  void OpenArray() { Open('['); }
  void CloseArray() { Close(']'); }

  // What was written, with a line break at its end. REQUIRES: all is closed.
  std::string Take() &&;

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Raw(std::string_view text);
  void BeginItem();
  void NewLine();

  std::string text_;
  int depth_ = 0;
  bool first_ = true;   // nothing stands in what was opened last
  bool named_ = false;  // a name waits for its value
};

}  // namespace stevedore::config
