// AckReader: what the proxy answers in its status file, when it last gave a sign of life there, and
// a call when it answers anew.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "proxy/base/clock.h"
#include "proxy/base/directory_watch.h"
#include "proxy/base/file.h"
#include "proxy/base/result.h"
#include "proxy/base/unique_fd.h"
#include "proxy/config/status.h"

namespace stevedore::publish {

struct Ack {
  // The last answer that could be read, without its time; null before the first. Another pointer
  // means another answer: who reads compares no more than that.
  std::shared_ptr<const config::ProxyStatus> status;
  Nanos changed_at{0};  // when the file was last seen to change; the start, for what stood there
};

// Thread: owns one that watches; Latest() from any. `changed` is called on that thread, and only
// for an answer that differs in more than its time. Lifetime: the clock outlives it.
class AckReader {
 public:
  // Watches the directory of `path` (--proxy-status); the file itself may come later, and so may
  // another directory of that name.
  static Result<std::unique_ptr<AckReader>> Start(const std::string& path, const Clock& clock,
                                                  std::function<void()> changed);
  ~AckReader();
  AckReader(const AckReader&) = delete;
  AckReader& operator=(const AckReader&) = delete;

  Ack Latest() const;

 private:
  AckReader(std::string path, const Clock& clock, DirectoryWatch watch, UniqueFd stop,
            std::function<void()> changed);
  void Run();
  bool Read();     // true for another answer
  bool Rewatch();  // true when the directory is another one than before

  const std::string path_;
  const Clock& clock_;
  DirectoryWatch watch_;
  std::optional<FileIdentity> watched_;  // the directory behind watch_
  UniqueFd stop_;                        // eventfd: readable when the thread has to end
  const std::function<void()> changed_;
  std::string text_;  // as last read
  mutable std::mutex mutex_;
  Ack latest_;
  std::thread thread_;
};

}  // namespace stevedore::publish
