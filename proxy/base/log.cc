#include "proxy/base/log.h"

#include <poll.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace stevedore {
namespace {

// Escapes the message for the JSON format; spdlog's own pattern flag would not.
class JsonText final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& msg, const std::tm&,
              spdlog::memory_buf_t& dest) override {
    for (const char c : msg.payload) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        dest.push_back('\\');
        dest.push_back(c);
      } else if (byte < 0x20) {
        static constexpr char kHex[] = "0123456789abcdef";
        for (const char e : {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]})
          dest.push_back(e);
      } else {
        dest.push_back(c);
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JsonText>();
  }
};

// Writes to stderr as long as that takes anything without waiting: who reads it may stand still,
// and nobody here waits for a reader. What did not fit is counted in the next line that does.
class PatientStderr final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  // A pipe that says it is writable takes as much as this at once (PIPE_BUF, pipe(7)).
  static constexpr std::size_t kPiece = 4096;

  void sink_it_(const spdlog::details::log_msg& msg) override {
    if (!Writable()) {
      ++dropped_;
      return;
    }
    if (dropped_ > 0) {
      const spdlog::string_view_t logger;
      const std::string text =
          fmt::format("Dropped log lines count={}", std::exchange(dropped_, std::uint64_t{0}));
      Write(spdlog::details::log_msg(logger, spdlog::level::warn, text));
    }
    Write(msg);
  }

  void Write(const spdlog::details::log_msg& msg) {
    spdlog::memory_buf_t line;
    formatter_->format(msg, line);
    std::string_view rest(line.data(), line.size());
    while (!rest.empty()) {
      if (!Writable()) break;
      const ssize_t n = ::write(STDERR_FILENO, rest.data(), std::min(rest.size(), kPiece));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(n));
    }
    if (!rest.empty()) ++dropped_;
  }

  static bool Writable() {
    pollfd fd{STDERR_FILENO, POLLOUT, 0};
    return ::poll(&fd, 1, 0) > 0 && (fd.revents & POLLOUT) != 0;
  }

  void flush_() override {}

  std::uint64_t dropped_ = 0;
};

}  // namespace

Result<> SetUpLogging(const std::string& level, const std::string& format) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off")
    return Error{Errc::kInvalid,
                 "log level \"" + level + "\": must be trace, debug, info, warn, error or off"};
  if (format != "text" && format != "json")
    return Error{Errc::kInvalid, "log format \"" + format + "\": must be text or json"};
  auto logger = std::make_shared<spdlog::logger>("", std::make_shared<PatientStderr>());
  logger->set_level(parsed);
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<JsonText>('*');
  formatter->set_pattern(format == "json"
                             ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":"%*"})"
                             : "%Y-%m-%dT%H:%M:%S.%eZ %l %v");
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
  return Ok();
}

}  // namespace stevedore
