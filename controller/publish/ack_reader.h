// AckReader: what the proxy answers in its status file, and a call when it answers anew.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "proxy/base/directory_watch.h"
#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"
#include "proxy/config/status.h"

namespace stevedore::publish {

// Thread: owns one that watches; Latest() from any. `changed` is called on that thread.
class AckReader {
 public:
  // Watches the directory of `path` (--proxy-status); the file itself may come later.
  static Result<std::unique_ptr<AckReader>> Start(const std::string& path,
                                                  std::function<void()> changed);
  ~AckReader();
  AckReader(const AckReader&) = delete;
  AckReader& operator=(const AckReader&) = delete;

  // The last answer that could be read; nothing before the first.
  std::optional<config::ProxyStatus> Latest() const;

 private:
  AckReader(std::string path, DirectoryWatch watch, UniqueFd stop, std::function<void()> changed);
  void Run();
  void Read();

  const std::string path_;
  DirectoryWatch watch_;
  UniqueFd stop_;  // eventfd: readable when the thread has to end
  const std::function<void()> changed_;
  mutable std::mutex mutex_;
  std::optional<config::ProxyStatus> latest_;
  std::thread thread_;
};

}  // namespace stevedore::publish
