#include "controller/kube/cluster_access.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "proxy/base/file.h"

namespace stevedore::kube {
namespace {

// Certificates, keys and tokens are a few KiB; a CA bundle is more.
constexpr std::size_t kMaxMaterialBytes = 4u << 20;

Error BadUrl(const std::string& url, const std::string& why) {
  return Error{Errc::kInvalid, "server \"" + url + "\": " + why};
}

}  // namespace

bool IsIpAddress(const std::string& host) {
  in6_addr buffer{};
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

Result<ServerUrl> ParseServerUrl(const std::string& url) {
  ServerUrl result;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    result.tls = false;
    rest.remove_prefix(7);
  } else {
    return BadUrl(url, "must start with https:// or http://");
  }
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (slash != std::string_view::npos) result.path = rest.substr(slash);
  while (result.path.ends_with('/')) result.path.pop_back();
  const auto is_blank = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; };
  if (std::any_of(url.begin(), url.end(), is_blank)) {
    return BadUrl(url, "must not have blanks or control characters");
  }
  if (url.find_first_of("@?#") != std::string::npos) {
    return BadUrl(url, "must not have a user, query or fragment");
  }

  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return BadUrl(url, "has no ] after the IPv6 address");
    result.host = authority.substr(1, end - 1);
    if (!IsIpAddress(result.host)) return BadUrl(url, "has no IPv6 address in the brackets");
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return BadUrl(url, "has text after the ]");
  } else {
    const std::size_t colon = authority.find(':');
    result.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (result.host.empty()) return BadUrl(url, "has no host");

  result.port = result.tls ? 443 : 80;
  if (!port.empty()) {
    port.remove_prefix(1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
    if (error != std::errc() || end != port.data() + port.size() || result.port == 0) {
      return BadUrl(url, "must have a port of 1 to 65535");
    }
  }
  return result;
}

Result<std::string> Material::Read() const {
  if (!text.empty() || path.empty()) return text;
  return ReadFile(path, kMaxMaterialBytes);
}

}  // namespace stevedore::kube
