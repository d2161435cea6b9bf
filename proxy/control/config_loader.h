// ConfigLoader: from the bytes of the config file to a valid config; remembers what came of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/result.h"
#include "proxy/config/load.h"
#include "proxy/config/status.h"

namespace stevedore::control {

// Thread: one.
class ConfigLoader {
 public:
  struct Outcome {
    std::optional<config::ValidConfig> config;  // nothing: rejected, the last good one stays
    config::FieldErrors notes;
  };

  // Takes the content of the file; attempt() tells how it went.
  Outcome Load(std::string_view text);
  // The file could not be read: counted and told as a rejected attempt.
  void Reject(const Error& error);

  // Whether `text` is what the last attempt saw, so that it need not be tried again.
  bool Seen(std::string_view text) const noexcept;

  const config::AttemptStatus& attempt() const noexcept { return attempt_; }
  std::uint64_t successes() const noexcept { return successes_; }
  std::uint64_t failures() const noexcept { return failures_; }

 private:
  config::AttemptStatus attempt_;
  std::optional<std::size_t> seen_;  // hash of the last text
  std::uint64_t successes_ = 0;
  std::uint64_t failures_ = 0;
};

}  // namespace stevedore::control
