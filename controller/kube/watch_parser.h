// WatchParser: the bytes of a watch -> events. Frames are JSON documents that end with a newline,
// and have nothing to do with HTTP chunks. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/object_json.h"
#include "proxy/base/result.h"

namespace stevedore::kube {

// Thread: one. One parser per watch: after an error it stays unusable, and what is left of a line
// when the stream ends is not an event.
class WatchParser {
 public:
  // etcd refuses objects beyond 1.5 MiB; JSON escapes and managed fields make them longer.
  static constexpr std::size_t kMaxLineBytes = 4u << 20;

  explicit WatchParser(std::size_t max_line_bytes = kMaxLineBytes) : max_(max_line_bytes) {}

  // Takes the next bytes and adds the events that they complete to `events`, also when it fails
  // after some. Errors: kInvalid for a line that is too long or no event.
  Result<> Feed(std::string_view chunk, std::vector<WatchEvent>& events);

 private:
  const std::size_t max_;
  std::string line_;
};

}  // namespace stevedore::kube
