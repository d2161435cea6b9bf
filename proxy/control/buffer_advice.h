// BufferAdvice: what to say when the kernel grants a listener less of a receive buffer than wanted.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace stevedore::control {

// Once for a process. Thread: one.
class BufferAdvice {
 public:
  // `granted`: SO_RCVBUF as the kernel tells it, twice what was asked for when all was granted. A
  // line for the log the first time that it is less.
  std::optional<std::string> For(int granted);

 private:
  bool given_ = false;
};

}  // namespace stevedore::control
