#include "proxy/worker/source_check.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stevedore::worker {
namespace {

// Unspecified, multicast or broadcast. Of each datagram: without a call to another file.
bool IsNobody(const config::IpAddress& ip) noexcept {
  constexpr auto kV4 = std::bit_cast<std::uint32_t>(std::array<std::uint8_t, 4>{0, 0, 0xff, 0xff});
  std::array<std::uint32_t, 4> words;
  std::memcpy(words.data(), ip.bytes.data(), sizeof words);
  if ((words[0] | words[1]) != 0 || (words[2] != kV4 && (words[2] | words[3]) != 0))
    return ip.bytes[0] == 0xff;
  return words[3] == 0 || words[3] == 0xffffffff || (ip.bytes[12] & 0xf0) == 0xe0;
}

}  // namespace

bool IsBadSource(const config::SocketAddress& source, const config::IpAddress& local,
                 const runtime::Snapshot& snapshot, const session::OwnPorts& own_ports) noexcept {
  const config::IpAddress& ip = source.ip;
  if (source.port == 0 || IsNobody(ip)) return true;
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
