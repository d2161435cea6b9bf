// Readiness: what /readyz answers, and why.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>

#include "proxy/base/http_endpoint.h"

namespace stevedore::control {

// Thread: all members from any thread.
class Readiness {
 public:
  // A config is in force.
  void SetListeners(std::size_t configured, std::size_t bound);
  void SetDraining();

  // 200 when a config is in force, at least one listener is bound or none is configured, and no
  // shutdown is under way; else 503 with the reason.
  HttpReply Reply() const;

 private:
  mutable std::mutex mutex_;
  bool applied_ = false;
  bool draining_ = false;
  std::size_t configured_ = 0;
  std::size_t bound_ = 0;
};

}  // namespace stevedore::control
