#include "controller/publish/config_writer.h"

#include <utility>
#include <variant>

#include "proxy/base/file.h"
#include "proxy/config/digest.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/validate.h"

namespace stevedore::publish {

ConfigWriter::ConfigWriter(std::string path) : path_(std::move(path)) {
  const auto identity = IdentifyFile(path_);
  auto existing = ReadFile(path_);
  if (!existing) return;
  const config::Decoded decoded = config::Decode(*existing);
  if (!decoded.errors.empty()) return;
  text_ = std::move(*existing);
  digest_ = config::Digest(decoded.config);
  identity_ = identity;
}

bool ConfigWriter::InPlace() {
  if (text_.empty()) return true;
  const auto now = IdentifyFile(path_);
  if (now && now == identity_) return true;
  const auto content = ReadFile(path_);
  if (!content || *content != text_) return false;
  identity_ = now;  // touched, or replaced by the same
  return true;
}

Result<ConfigWriter::Outcome> ConfigWriter::Write(const config::ProxyConfig& config) {
  std::string text = config::Encode(config);
  if (text == text_ && InPlace()) return Outcome::kUnchanged;
  const auto valid = config::Validate(config);
  if (const auto* errors = std::get_if<config::FieldErrors>(&valid))
    return Error{Errc::kInternal, "the compiled config is not valid: " + ToString(errors->front())};
  if (auto written = WriteFileAtomically(path_, text); !written) return written.error();
  text_ = std::move(text);
  digest_ = config::TextDigest(text_);
  identity_.reset();  // another may have replaced it by now: InPlace() reads it once
  return Outcome::kWritten;
}

}  // namespace stevedore::publish
