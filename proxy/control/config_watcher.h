// ConfigWatcher: tells when the config file may have changed, by inotify on its directory and, as
// a safety net, by looking at the file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proxy/base/directory_watch.h"
#include "proxy/base/file.h"
#include "proxy/net/event_loop.h"

namespace stevedore::control {

// Thread: one, that of `loop`. Lifetime: `loop` outlives it. Works while the directory or the file
// does not exist.
class ConfigWatcher {
 public:
  // Registers with `loop` under `tag`.
  ConfigWatcher(std::string path, net::EventLoop& loop, std::uint64_t tag);

  // After an event: whether the file may have changed. Many events give one answer.
  bool OnEvent();
  // Every few seconds: the same without an event, for file systems that tell nothing, and for a
  // directory that came, or was replaced.
  bool Poll();

 private:
  void Watch();
  bool Moved();

  const std::string path_;
  std::string directory_;
  std::string name_;
  net::EventLoop& loop_;
  const std::uint64_t tag_;
  std::optional<DirectoryWatch> watch_;
  std::optional<FileIdentity> watched_;  // the directory behind watch_
  std::optional<FileIdentity> file_;     // when last looked at
};

}  // namespace stevedore::control
