#include "proxy/control/readiness.h"

#include <string>

namespace stevedore::control {

void Readiness::SetListeners(std::size_t configured, std::size_t bound) {
  const std::lock_guard lock(mutex_);
  applied_ = true;
  configured_ = configured;
  bound_ = bound;
}

void Readiness::SetDraining() {
  const std::lock_guard lock(mutex_);
  draining_ = true;
}

HttpReply Readiness::Reply() const {
  const std::lock_guard lock(mutex_);
  HttpReply reply;
  std::string reason;
  if (draining_) {
    reason = "draining: the process was told to end";
  } else if (!applied_) {
    reason = "no config was applied yet";
  } else if (configured_ > 0 && bound_ == 0) {
    reason = "none of " + std::to_string(configured_) + " listeners is bound";
  }
  reply.status = reason.empty() ? 200 : 503;
  reply.body = (reason.empty() ? "ok" : reason) + "\n";
  return reply;
}

}  // namespace stevedore::control
