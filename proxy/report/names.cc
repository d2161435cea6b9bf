#include "proxy/report/names.h"

namespace stevedore::report {

SplitName Split(std::string_view name) {
  const std::size_t first = name.find('/');
  const std::size_t second = first == std::string_view::npos ? first : name.find('/', first + 1);
  if (second == std::string_view::npos) return {"", "", std::string(name)};
  return {std::string(name.substr(0, first)),
          std::string(name.substr(first + 1, second - first - 1)),
          std::string(name.substr(second + 1))};
}

}  // namespace stevedore::report
