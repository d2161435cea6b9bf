// Signals as events of the control loop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"

namespace stevedore::control {

// Thread: one.
class Signals {
 public:
  // Blocks SIGTERM, SIGINT and SIGHUP in the calling thread, and so in all that it starts later,
  // and opens a descriptor that tells of them. Ignores SIGPIPE, SIGUSR1 and
  // SIGUSR2.
  static Result<Signals> Open();

  // Readable when a signal came.
  int fd() const noexcept { return fd_.get(); }
  enum class Kind { kStop, kReload };
  // Takes one; nothing when none is pending.
  std::optional<Kind> Take() noexcept;

 private:
  explicit Signals(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace stevedore::control
