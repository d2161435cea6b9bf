// DirectoryWatch: tells that something in a directory may have changed (inotify), renames and new
// files included.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"

namespace stevedore {

// A directory and not a file is watched, because files are replaced by rename(2) and a kubelet
// swaps symbolic links. Thread: one owner; fd() may be given to an event loop.
class DirectoryWatch {
 public:
  // Starts to watch. Errors: the directory does not exist, or no inotify instance is left.
  static Result<DirectoryWatch> Open(const std::string& directory);

  // Readable when something changed.
  int fd() const noexcept { return fd_.get(); }
  // Takes all pending events; true when there was one about `name`, or about anything when `name`
  // is empty. A queue overflow counts as a change. Never blocks.
  bool Drain(const std::string& name = "") noexcept;

 private:
  explicit DirectoryWatch(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace stevedore
