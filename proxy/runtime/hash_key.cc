#include "proxy/runtime/hash_key.h"

#include <algorithm>
#include <array>

#include "proxy/runtime/hash.h"

namespace stevedore::runtime {
namespace {

// Address and port as one run of bytes.
std::array<std::uint8_t, 18> Flatten(const config::SocketAddress& client) noexcept {
  std::array<std::uint8_t, 18> bytes{};
  std::copy(client.ip.bytes.begin(), client.ip.bytes.end(), bytes.begin());
  bytes[16] = static_cast<std::uint8_t>(client.port >> 8);
  bytes[17] = static_cast<std::uint8_t>(client.port & 0xff);
  return bytes;
}

}  // namespace

HashKey::HashKey(const config::HashKey& key, std::uint64_t seed) noexcept
    : source_(key.source),
      start_(static_cast<std::uint32_t>(key.start)),
      end_(static_cast<std::uint32_t>(key.end)),
      seed_(seed) {}

std::optional<std::uint64_t> HashKey::Hash(config::Payload payload,
                                           const config::SocketAddress& client) const noexcept {
  switch (source_) {
    case config::KeySource::kPayload:
      if (payload.size() < end_) return std::nullopt;
      return Xxh64(payload.subspan(start_, end_ - start_), seed_);
    case config::KeySource::kClientAddress:
      return Xxh64(client.ip.bytes, seed_);
    case config::KeySource::kClientAddressPort:
      return Xxh64(Flatten(client), seed_);
  }
  return std::nullopt;
}

std::optional<config::Bytes> HashKey::KeyBytes(config::Payload payload,
                                               const config::SocketAddress& client) const {
  const auto flat = Flatten(client);
  switch (source_) {
    case config::KeySource::kPayload:
      if (payload.size() < end_) return std::nullopt;
      return config::Bytes(payload.begin() + start_, payload.begin() + end_);
    case config::KeySource::kClientAddress:
      return config::Bytes(flat.begin(), flat.begin() + 16);
    case config::KeySource::kClientAddressPort:
      return config::Bytes(flat.begin(), flat.end());
  }
  return std::nullopt;
}

}  // namespace stevedore::runtime
