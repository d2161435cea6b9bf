#include "proxy/worker/client_guard.h"

#include <algorithm>

namespace stevedore::worker {

void ClientGuard::Apply(const runtime::Snapshot& snapshot) {
  const bool limits =
      std::any_of(snapshot.listeners.begin(), snapshot.listeners.end(),
                  [](const runtime::ListenerEntry& entry) { return entry.rate.interval != 0; });
  if (limits) limiter_.Reserve();
}

std::optional<runtime::UpDrop> ClientGuard::Refuses(const runtime::ListenerEntry& listener,
                                                    const config::IpAddress& client) noexcept {
  if (listener.access && !listener.access->Allows(client)) return runtime::UpDrop::kNotAllowed;
  if (listener.rate.interval != 0 && !limiter_.Take(listener.id, client, listener.rate, now_))
    return runtime::UpDrop::kRateLimited;
  return std::nullopt;
}

}  // namespace stevedore::worker
