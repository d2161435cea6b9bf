#include "controller/convert/names.h"

#include <algorithm>

#include "proxy/config/model.h"

namespace stevedore::convert {
namespace {

constexpr std::size_t kMaxBytes = 63;

std::string Cut(std::string label, std::size_t bytes) {
  label.resize(std::min(label.size(), bytes));
  while (label.ends_with('-')) label.pop_back();
  return label;
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string Label(std::string_view text) {
  std::string label;
  for (const char c : Lower(text)) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (fits)
      label += c;
    else if (!label.empty() && !label.ends_with('-'))
      label += '-';
  }
  label = Cut(std::move(label), kMaxBytes);
  return label.empty() ? "x" : label;
}

std::string UniqueLabel(std::string_view text, std::set<std::string>& taken) {
  const std::string label = Label(text);
  std::string unique = label;
  for (int number = 2; !taken.insert(unique).second; ++number) {
    const std::string suffix = "-" + std::to_string(number);
    unique = Cut(label, kMaxBytes - suffix.size()) + suffix;
  }
  return unique;
}

std::string UpstreamLabel(std::string_view text) {
  const std::string label = Label(text);
  return label == config::kDeny ? label + "-1" : label;
}

}  // namespace stevedore::convert
