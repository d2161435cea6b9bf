#include "proxy/config/digest.h"

#include <openssl/evp.h>

#include <array>

#include "proxy/config/byte_match.h"
#include "proxy/config/json_codec.h"

namespace stevedore::config {

std::string Digest(const ProxyConfig& config) { return TextDigest(Encode(config)); }

std::string TextDigest(std::string_view text) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  // Fails only without memory; an empty digest then equals no other.
  if (EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha256(), nullptr) != 1)
    return "";
  return "sha256:" + FormatHex(Payload(hash.data(), size)).substr(2);
}

}  // namespace stevedore::config
