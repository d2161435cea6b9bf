#include "controller/probe.h"

#include <string>

#include "proxy/base/file.h"

namespace stevedore {

bool IsRunning(pid_t pid) {
  const auto stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  // The state is the field behind the command's name, which stands in parentheses.
  const std::size_t name_end = stat ? stat->rfind(") ") : std::string::npos;
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return false;
  return std::string("TtZX").find((*stat)[name_end + 2]) == std::string::npos;
}

}  // namespace stevedore
