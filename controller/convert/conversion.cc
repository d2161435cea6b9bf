#include "controller/convert/conversion.h"

#include <algorithm>
#include <cctype>

namespace stevedore::convert {

Place Place::Field(const std::string& name) const {
  const bool plain = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '-' || c == '_';
                     });
  if (!plain) return {file, object, field + "[\"" + name + "\"]"};
  return {file, object, field.empty() ? name : field + "." + name};
}

Place Place::Item(const std::string& list, std::size_t index) const {
  Place place = Field(list);
  place.field += "[" + std::to_string(index) + "]";
  return place;
}

std::string Place::ToString() const {
  std::string text;
  for (const std::string* part : {&file, &object, &field})
    if (!part->empty()) text += (text.empty() ? "" : ": ") + *part;
  return text;
}

std::string ToString(const Finding& finding) {
  std::string line;
  for (const std::string& part : {finding.place.ToString(), finding.value})
    if (!part.empty()) line += part + ": ";
  line += finding.text;
  // A value of the input may hold anything; a finding is one line.
  std::replace_if(
      line.begin(), line.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return line;
}

void Draft::ListenAt(const std::string& address) {
  spec.listener.address = address;
  decisions.push_back("At " + address +
                      " alone, which the proxy's host has to have (host network).");
}

}  // namespace stevedore::convert
