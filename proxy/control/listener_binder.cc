#include "proxy/control/listener_binder.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxy/net/udp_socket.h"

namespace stevedore::control {

std::vector<ListenerBinder::Event> ListenerBinder::Bind(const config::ValidConfig& config,
                                                        Nanos now) {
  std::vector<Event> events;
  std::set<config::SocketAddress> configured;
  for (const config::Listener& listener : config->listeners) {
    const config::SocketAddress address = config::AddressOf(listener);
    configured.insert(address);
    runtime::ListenerRecord& record =
        registry_.listeners.Get(address, [] { return runtime::ListenerRecord{}; }).value;
    if (record.sockets) continue;
    Retry& retry = retries_[address];
    if (retry.at > now) continue;
    auto group = net::OpenListenerGroup(address, registry_.workers);
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
