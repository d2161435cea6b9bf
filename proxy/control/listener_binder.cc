#include "proxy/control/listener_binder.h"

#include <sys/resource.h>

#include <algorithm>
#include <set>
#include <utility>

#include "proxy/net/udp_socket.h"

namespace stevedore::control {
namespace {

// Listeners with all descriptors would serve nobody: half of them is for the sockets of clients.
std::size_t MostSockets() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur / 2);
}

Error TooMany(std::size_t most) {
  return {Errc::kUnavailable, "socket: listeners have their " + std::to_string(most) +
                                  " descriptors, one for each worker: raise the limit of open "
                                  "files, or start fewer workers"};
}

}  // namespace

std::vector<ListenerBinder::Event> ListenerBinder::Bind(const config::ValidConfig& config,
                                                        Nanos now) {
  std::vector<Event> events;
  std::set<config::SocketAddress> configured;
  const std::size_t most = MostSockets();
  std::size_t open = 0;
  for (const auto& [address, entry] : registry_.listeners.entries())
    if (entry.value.sockets) open += registry_.workers;
  for (const config::Listener& listener : config->listeners) {
    const config::SocketAddress address = config::AddressOf(listener);
    configured.insert(address);
    runtime::ListenerRecord& record =
        registry_.listeners.Get(address, [] { return runtime::ListenerRecord{}; }).value;
    if (record.sockets) continue;
    Retry& retry = retries_[address];
    if (retry.at > now) continue;
    auto group = open + registry_.workers <= most
                     ? net::OpenListenerGroup(address, registry_.workers)
                     : TooMany(most);
    if (!group) {
      const bool news = !retry.told || record.bind_error != group.error().detail;
      record.bind_error = group.error().detail;
      retry.told = true;
      retry.at = now + retry.backoff.Next(0.0);
      if (news) events.push_back({listener.name, address, record.bind_error, 0});
      continue;
    }
    auto sockets = std::make_shared<runtime::ListenerSockets>();
    sockets->family = net::Family(group->front().get());
    sockets->fds = std::move(*group);
    open += registry_.workers;
    record.bind_error.clear();
    events.push_back({listener.name, address, "", net::ReceiveBuffer(sockets->fds[0].get())});
    record.sockets = std::move(sockets);
    retries_.erase(address);
  }
  std::erase_if(retries_, [&](const auto& entry) { return configured.count(entry.first) == 0; });
  return events;
}

std::optional<Nanos> ListenerBinder::next_retry() const noexcept {
  std::optional<Nanos> next;
  for (const auto& [address, retry] : retries_) next = next ? std::min(*next, retry.at) : retry.at;
  return next;
}

}  // namespace stevedore::control
