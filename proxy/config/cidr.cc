#include "proxy/config/cidr.h"

#include <algorithm>
#include <charconv>

#include "proxy/config/field_error.h"

namespace stevedore::config {
namespace {

constexpr int kV4Bits = 96;  // what precedes an IPv4 address in its 128-bit form

// Bits of byte `at` that belong to a prefix of that length.
std::uint8_t PrefixMask(int prefix_bits, std::size_t at) noexcept {
  const int bits = prefix_bits - static_cast<int>(8 * at);
  return static_cast<std::uint8_t>(0xff00 >> std::clamp(bits, 0, 8));
}

}  // namespace

bool Cidr::Contains(const IpAddress& address) const noexcept {
  if (base.is_v4() != address.is_v4()) return false;
  for (std::size_t at = 0; at < base.bytes.size(); ++at)
    if (((base.bytes[at] ^ address.bytes[at]) & PrefixMask(prefix_bits, at)) != 0) return false;
  return true;
}

IpAddress Cidr::First() const noexcept {
  IpAddress first = base;
  for (std::size_t at = 0; at < first.bytes.size(); ++at)
    first.bytes[at] &= PrefixMask(prefix_bits, at);
  return first;
}

IpAddress Cidr::Last() const noexcept {
  IpAddress last = base;
  for (std::size_t at = 0; at < last.bytes.size(); ++at)
    last.bytes[at] |= static_cast<std::uint8_t>(~PrefixMask(prefix_bits, at));
  return last;
}

std::string Cidr::ToString() const {
  const int before = base.is_v4() ? kV4Bits : 0;
  return First().ToString() + '/' + std::to_string(prefix_bits - before);
}

std::optional<Cidr> Cidr::Parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::Parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  Cidr cidr{*base, 128};
  if (slash == std::string_view::npos) return cidr;
  const std::string_view digits = text.substr(slash + 1);
  int bits = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const int most = base->is_v4() ? 128 - kV4Bits : 128;
  if (error != std::errc{} || end != digits.data() + digits.size() || bits < 0 || bits > most)
    return std::nullopt;
  cidr.prefix_bits = bits + 128 - most;
  return cidr;
}

std::optional<std::string> RangeProblem(std::string_view text) {
  const auto range = Cidr::Parse(text);
  if (!range || text.find('/') == std::string_view::npos)
    return Quote(text) + ": must be an address range such as 10.0.0.0/8 or 2001:db8::/32";
  const std::string canonical = range->ToString();
  if (canonical == text) return std::nullopt;
  return Quote(text) +
         ": must be a network address and its prefix in canonical form: " + Quote(canonical);
}

}  // namespace stevedore::config
