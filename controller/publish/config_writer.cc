#include "controller/publish/config_writer.h"

#include <utility>
#include <variant>

#include "proxy/base/file.h"
#include "proxy/config/digest.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/validate.h"

namespace stevedore::publish {

ConfigWriter::ConfigWriter(std::string path) : path_(std::move(path)) {
  auto existing = ReadFile(path_);
  if (!existing) return;
  const config::Decoded decoded = config::Decode(*existing);
  if (!decoded.errors.empty()) return;
  text_ = std::move(*existing);
  digest_ = config::Digest(decoded.config);
}

Result<ConfigWriter::Outcome> ConfigWriter::Write(const config::ProxyConfig& config) {
  std::string text = config::Encode(config);
  if (text == text_) return Outcome::kUnchanged;
  const auto valid = config::Validate(config);
  if (const auto* errors = std::get_if<config::FieldErrors>(&valid))
    return Error{Errc::kInternal, "the compiled config is not valid: " + ToString(errors->front())};
  if (auto written = WriteFileAtomically(path_, text); !written) return written.error();
  text_ = std::move(text);
  digest_ = config::Digest(config);
  return Outcome::kWritten;
}

}  // namespace stevedore::publish
