#include "controller/kube/watch_parser.h"

#include <utility>

namespace stevedore::kube {

Result<> WatchParser::Feed(std::string_view chunk, std::vector<WatchEvent>& events) {
  while (!chunk.empty()) {
    const std::size_t newline = chunk.find('\n');
    const std::string_view part = chunk.substr(0, newline);
    if (line_.size() + part.size() > max_) {
      return Error{Errc::kInvalid,
                   "a watch event is longer than " + std::to_string(max_) + " bytes"};
    }
    if (newline == std::string_view::npos) {
      line_ += part;
      return Ok();
    }
    chunk.remove_prefix(newline + 1);
    // A line within one chunk, the usual case, is parsed where it lies.
    std::string_view line = part;
    if (!line_.empty()) line = line_ += part;
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) {
      Result<WatchEvent> event = ParseWatchEvent(line);
      if (!event) return event.error();
      events.push_back(*std::move(event));
    }
    line_.clear();
  }
  return Ok();
}

}  // namespace stevedore::kube
