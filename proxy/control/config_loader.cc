#include "proxy/control/config_loader.h"

#include <functional>
#include <utility>

#include "proxy/config/digest.h"
#include "proxy/config/json_codec.h"

namespace stevedore::control {
namespace {

std::size_t HashOf(std::string_view text) noexcept { return std::hash<std::string_view>{}(text); }

// Of a config that decoded but is not valid.
std::string DigestIfDecoded(std::string_view text) {
  const config::Decoded decoded = config::Decode(text);
  return decoded.errors.empty() ? config::Digest(decoded.config) : "";
}

}  // namespace

ConfigLoader::Outcome ConfigLoader::Load(std::string_view text) {
  seen_ = HashOf(text);
  config::Loaded loaded = config::Load(text);
  attempt_ = {};
  attempt_.applied = loaded.config.has_value();
  attempt_.digest = loaded.config ? config::Digest(**loaded.config) : DigestIfDecoded(text);
  attempt_.errors = std::move(loaded.errors);
  ++(attempt_.applied ? successes_ : failures_);
  return {std::move(loaded.config), std::move(loaded.notes)};
}

void ConfigLoader::Reject(const Error& error) {
  seen_.reset();
  attempt_ = {"", false, {{"", error.detail, 0}}};
  ++failures_;
}

bool ConfigLoader::Seen(std::string_view text) const noexcept { return seen_ == HashOf(text); }

}  // namespace stevedore::control
