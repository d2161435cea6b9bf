#include "controller/compile/compile_options.h"

#include <algorithm>
#include <charconv>

#include "controller/api/decode.h"

namespace stevedore::compile {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::int64_t> ParsePort(std::string_view text) {
  std::int64_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port >= 1 && port <= 65535 ? std::optional(port) : std::nullopt;
}

}  // namespace

Result<PortGrant> ParsePortGrant(std::string_view text) {
  PortGrant grant;
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    grant.ns = text.substr(at + 1);
    if (grant.ns.empty())
      return Error{Errc::kInvalid, "\"" + std::string(text) + "\": no namespace after '@'"};
  }
  for (const std::string_view part : Split(text.substr(0, at), ',')) {
    const std::size_t dash = part.find('-');
    const auto first = ParsePort(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : ParsePort(part.substr(dash + 1));
    if (!first || !last || *first > *last)
      return Error{Errc::kInvalid, "\"" + std::string(part) +
                                       "\": must be a port or a range of ports, 1 to 65535, such "
                                       "as \"2000-2999\""};
    grant.ranges.push_back({*first, *last});
  }
  return grant;
}

Result<std::vector<config::Cidr>> ParseStaticPeers(std::string_view text) {
  std::vector<config::Cidr> cidrs;
  if (text == "deny") return cidrs;
  if (text == "any") text = "0.0.0.0/0,::/0";
  for (const std::string_view part : Split(text, ',')) {
    const auto cidr = config::Cidr::Parse(part);
    if (!cidr)
      return Error{Errc::kInvalid, "\"" + std::string(part) +
                                       "\": must be \"deny\", \"any\" or address ranges such as "
                                       "\"10.0.0.0/8\" with commas between them"};
    cidrs.push_back(*cidr);
  }
  return cidrs;
}

Result<kube::Key> ParseServiceName(std::string_view text) {
  const auto parts = Split(text, '/');
  if (parts.size() != 2 || !api::IsLabel(parts[0]) || !api::IsServiceName(parts[1]))
    return Error{Errc::kInvalid, "\"" + std::string(text) +
                                     "\": must be NAMESPACE/NAME of a Service, such as "
                                     "\"stevedore/stevedore\""};
  return kube::Key{std::string(parts[0]), std::string(parts[1])};
}

bool PortGranted(const CompileOptions& options, const std::string& ns, std::int64_t port) {
  const auto grants = [&](const PortGrant& grant) {
    return (grant.ns.empty() || grant.ns == ns) &&
           std::any_of(grant.ranges.begin(), grant.ranges.end(), [&](const auto& range) {
             return port >= range.first && port <= range.last;
           });
  };
  return options.listener_ports.empty() ||
         std::any_of(options.listener_ports.begin(), options.listener_ports.end(), grants);
}

}  // namespace stevedore::compile
