#include "proxy/worker/source_check.h"

#include <algorithm>

namespace stevedore::worker {

bool IsBadSource(const config::SocketAddress& source, const config::IpAddress& local,
                 const runtime::Snapshot& snapshot, const session::OwnPorts& own_ports) noexcept {
  const config::IpAddress& ip = source.ip;
  if (source.port == 0 || ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast())
    return true;
  const bool taken = snapshot.taken_ports.test(source.port);
  if (!taken && !own_ports.Holds(source.port)) return false;
  if (taken && std::binary_search(snapshot.peer_addresses.begin(), snapshot.peer_addresses.end(),
                                  config::SocketAddress{ip, source.port, 0}))
    return true;
  const bool listener_port = snapshot.listener_ports.test(source.port);
  const auto contains = [&ip](const std::vector<config::IpAddress>& addresses) {
    return std::binary_search(addresses.begin(), addresses.end(), ip);
  };
  if (listener_port && contains(snapshot.own_addresses)) return true;
  const bool ours = ip == local || ip.is_loopback() || contains(snapshot.local_addresses);
  if (ours && own_ports.Holds(source.port)) return true;
  // A concrete listener owns its port on its own address alone.
  return listener_port &&
         std::any_of(snapshot.listeners.begin(), snapshot.listeners.end(),
                     [&source, ours](const runtime::ListenerEntry& listener) {
                       return listener.address.port == source.port &&
                              (listener.wildcard ? ours : listener.address.ip == source.ip);
                     });
}

}  // namespace stevedore::worker
