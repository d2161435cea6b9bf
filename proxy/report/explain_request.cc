#include "proxy/report/explain_request.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace stevedore::report {
namespace {

Error Wrong(const char* name, const std::string& value, const char* right) {
  return Error{Errc::kInvalid, std::string(name) + " \"" + value + "\": must be " + right};
}

}  // namespace

Result<ExplainRequest> ParseExplainRequest(const std::string& port, const std::string& hex,
                                           const std::string& client) {
  ExplainRequest request;
  const char* const end = port.data() + port.size();
  const auto read = std::from_chars(port.data(), end, request.listener_port);
  if (read.ec != std::errc() || read.ptr != end || request.listener_port == 0)
    return Wrong("listener", port, "a port, 1 to 65535");

  std::string digits = hex;
  std::erase_if(digits, [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; });
  const auto payload = config::ParseValue(digits.starts_with("0x") ? digits : "0x" + digits);
  if (!payload) return Wrong("hex", hex, "pairs of hex digits");
  request.payload = *payload;

  const auto from = config::SocketAddress::Parse(client);
  if (!from) return Wrong("client", client, "ADDR:PORT");
  request.client = *from;
  return request;
}

}  // namespace stevedore::report
