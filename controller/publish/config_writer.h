// ConfigWriter: hands the compiled config to the proxy: validated, canonical, replaced atomically,
// and only when it differs from what is there now.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "proxy/base/file.h"
#include "proxy/base/result.h"
#include "proxy/config/model.h"

namespace stevedore::publish {

// Thread: one.
class ConfigWriter {
 public:
  // `path`: --proxy-config. What stands there already counts as written.
  explicit ConfigWriter(std::string path);

  // Whether the file still is as it was written last; true before the first. Cheap: it is read only
  // when it was touched.
  bool InPlace();

  enum class Outcome { kUnchanged, kWritten };
  // Errors: the config is not valid (our own bug: the last good file stays), or the file could not
  // be written (the same config is tried again at the next call).
  Result<Outcome> Write(const config::ProxyConfig& config);

  // Digest of the config that the file holds; empty when it holds none of ours.
  const std::string& digest() const noexcept { return digest_; }
  std::size_t size_bytes() const noexcept { return text_.size(); }

 private:
  const std::string path_;
  std::string text_;  // as in the file
  std::optional<FileIdentity> identity_;
  std::string digest_;
};

}  // namespace stevedore::publish
