#include "controller/api/cidr.h"

#include <charconv>

namespace stevedore::api {

bool Cidr::Contains(const config::IpAddress& address) const noexcept {
  if (base.is_v4() != address.is_v4()) return false;
  for (int bit = 0; bit < prefix_bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    if (((base.bytes[byte] ^ address.bytes[byte]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

std::optional<Cidr> Cidr::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = config::IpAddress::Parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  Cidr cidr{*base, 128};
  if (slash == std::string_view::npos) return cidr;
  const std::string_view digits = text.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const int most = base->is_v4() ? 32 : 128;
  if (error != std::errc{} || end != digits.data() + digits.size() || bits < 0 || bits > most)
    return std::nullopt;
  cidr.prefix_bits = bits + 128 - most;
  return cidr;
}

}  // namespace stevedore::api
