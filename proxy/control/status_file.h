// StatusFile: the proxy's answer to the controller, written when it changes, and now and then as a
// sign of life.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "proxy/base/clock.h"
#include "proxy/config/status.h"

namespace stevedore::control {

// Thread: one (the control thread).
class StatusFile {
 public:
  // `path`: --status-file; empty: nothing is written.
  explicit StatusFile(std::string path) : path_(std::move(path)) {}

  // What should stand in the file. `status.time` is set here.
  void Set(config::ProxyStatus status);
  // Writes it if it differs from what was written: at once for a new verdict on a config or a
  // listener, at most once a second for counts of peers. After 10 s without a change it is written
  // all the same, with a new time: so a reader knows that somebody stands behind it. Call often.
  void Flush(Nanos now);

 private:
  bool IsNews() const;

  const std::string path_;
  config::ProxyStatus wanted_;
  std::optional<config::ProxyStatus> written_;
  std::optional<Nanos> written_at_;
  std::optional<Nanos> failed_at_;
};

}  // namespace stevedore::control
