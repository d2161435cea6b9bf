#include "controller/convert/ports.h"

#include <charconv>

#include "controller/api/decode.h"

namespace stevedore::convert {

std::optional<std::int64_t> ParsePort(std::string_view text) {
  std::int64_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const bool valid = port >= api::kPortRange.min && port <= api::kPortRange.max;
  return valid ? std::optional(port) : std::nullopt;
}

Result<std::pair<std::string, NamedPort>> ParseEntryPoint(const std::string& text) {
  const std::size_t equals = text.find('=');
  const auto port = equals == std::string::npos ? std::nullopt : ParsePort(text.substr(equals + 1));
  if (!port || equals == 0)
    return Error{Errc::kInvalid,
                 "--entry-point \"" + text + "\": must be NAME=PORT, such as \"dns=53\""};
  return std::pair{text.substr(0, equals), NamedPort{*port, "", true, "--entry-point " + text}};
}

}  // namespace stevedore::convert
