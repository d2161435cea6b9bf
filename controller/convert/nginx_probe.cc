#include "controller/convert/nginx_probe.h"

#include <algorithm>
#include <charconv>

#include "proxy/config/limits.h"

namespace stevedore::convert {
namespace {

// What nginx sends when nothing else is said.
constexpr std::string_view kDefaultSend = "nginx health check";
constexpr std::int64_t kDefaultSeconds = 5;

config::Bytes ToBytes(std::string_view text) { return {text.begin(), text.end()}; }

// Equality with the first bytes of the reply, in as many conditions as it takes.
std::vector<config::Condition> StartsWith(const config::Bytes& bytes) {
  std::vector<config::Condition> conditions;
  constexpr auto kStep = static_cast<std::size_t>(config::kMaxMatchBytes);
  for (std::size_t start = 0; start < bytes.size(); start += kStep) {
    const std::size_t end = std::min(bytes.size(), start + kStep);
    conditions.push_back({static_cast<std::int64_t>(start), static_cast<std::int64_t>(end),
                          config::Operator::kEqual,
                          config::FormatHex(config::Payload(bytes).subspan(start, end - start))});
  }
  return conditions;
}

void ReadExpect(Reader& match, config::HealthCheck& probe) {
  const auto text = match.Text("expect");
  if (!text || text->empty()) return;
  probe.expect = config::Expect::kReply;
  if (text->starts_with('~')) {
    match.Lose(
        "expect",
        "regular expressions are not matched: any reply passes; say its bytes in expectBytes");
    return;
  }
  const auto bytes = ParseNginxString(*text);
  if (!bytes) {
    match.Fail("expect", "must have two hex digits after each \\x");
    return;
  }
  probe.expect_bytes = StartsWith(*bytes);
  if (probe.expect_bytes.size() <= config::kMaxConditions) return;
  probe.expect_bytes.resize(config::kMaxConditions);
  match.Lose("expect", "only its first 512 bytes are compared");
}

void ReadSend(Reader& match, config::HealthCheck& probe) {
  const auto text = match.Text("send");
  if (!text || text->empty()) return;
  const auto bytes = ParseNginxString(*text);
  if (!bytes)
    match.Fail("send", "must have two hex digits after each \\x");
  else if (bytes->size() > config::kMaxProbePayloadBytes)
    match.Lose("send", "a probe holds at most 512 bytes: the one of nginx's default is sent");
  else
    probe.payload = config::FormatHex(*bytes);
}

}  // namespace

std::optional<config::Bytes> ParseNginxString(std::string_view text) {
  config::Bytes bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      bytes.push_back(static_cast<std::uint8_t>(text[i]));
      continue;
    }
    const char escaped = text[++i];
    if (escaped != 'x') {
      const std::string_view names = "rnt";
      const std::size_t at = names.find(escaped);
      bytes.push_back(
          static_cast<std::uint8_t>(at == std::string_view::npos ? escaped : "\r\n\t"[at]));
      continue;
    }
    const std::string_view digits = text.substr(std::min(i + 1, text.size()), 2);
    std::uint8_t byte = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    bytes.push_back(byte);
    i += 2;
  }
  return bytes;
}

std::optional<config::HealthCheck> ReadNginxProbe(Reader check) {
  if (!check.Flag("enable").value_or(false)) return std::nullopt;
  config::HealthCheck probe;
  probe.payload = config::FormatHex(ToBytes(kDefaultSend));
  probe.period_seconds = check.Seconds("interval", {1, 300}).value_or(kDefaultSeconds);
  probe.timeout_seconds = check.Seconds("timeout", {1, 60}).value_or(kDefaultSeconds);
  probe.success_threshold = check.Fitting("passes", {1, 10}).value_or(1);
  probe.failure_threshold = check.Fitting("fails", {1, 10}).value_or(1);
  if (probe.timeout_seconds > probe.period_seconds) {
    if (check.Raw("timeout"))
      check.Lose("timeout", "the interval is used: a probe ends before the next one starts");
    probe.timeout_seconds = probe.period_seconds;
  }
  if (check.Raw("port"))
    check.Lose(
        "port",
        "probes go to the port of the peer: let the pods answer there, or leave the check out "
        "and use readiness");
  if (check.Raw("jitter")) check.Lose("jitter", "probes are spread over the period by themselves");
  if (auto match = check.Object("match")) {
    ReadSend(*match, probe);
    ReadExpect(*match, probe);
  }
  check.LoseOthers("not known to convert: look it up in NGINX's documentation");
  return probe;
}

}  // namespace stevedore::convert
