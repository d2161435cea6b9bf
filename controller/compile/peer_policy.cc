#include "controller/compile/peer_policy.h"

#include <algorithm>

namespace stevedore::compile {

using config::IpAddress;

PeerPolicy::PeerPolicy(const CompileOptions& options, const std::vector<IpAddress>& published)
    : directory_mode_(options.directory_mode),
      static_peers_(options.static_peers),
      own_(options.own_addresses.begin(), options.own_addresses.end()),
      published_(published.begin(), published.end()) {}

void PeerPolicy::AddListener(const std::string& address, std::int64_t port) {
  ports_.insert(port);
  if (const auto ip = IpAddress::Parse(address))
    listeners_.insert({*ip, static_cast<std::uint16_t>(port)});
}

std::optional<std::string> PeerPolicy::RefuseAddress(const std::string& address) const {
  const auto ip = IpAddress::Parse(address);
  const char* kind = nullptr;
  if (!ip)
    kind = "is not an IP address";
  else if (ip->is_v4() && address.find(':') != std::string::npos)
    kind = "is an IPv4 address in IPv6 form";
  else if (ip->is_unspecified())
    kind = "is the unspecified address";
  else if (ip->is_loopback() && !directory_mode_)
    kind = "is a loopback address";
  else if (ip->is_link_local())
    kind = "is a link-local address";
  else if (ip->is_multicast())
    kind = "is a multicast address";
  else if (ip->is_broadcast())
    kind = "is a broadcast address";
  else if (published_.contains(*ip))
    kind = "is an address of the published Service";
  if (kind == nullptr) return std::nullopt;
  return "\"" + address + "\" " + kind + ", which is never a peer";
}

std::optional<std::string> PeerPolicy::RefuseStatic(const config::Peer& peer) const {
  if (auto refusal = RefuseAddress(peer.address)) return refusal;
  const auto ip = IpAddress::Parse(peer.address);
  const bool granted = std::any_of(static_peers_.begin(), static_peers_.end(),
                                   [&](const config::Cidr& cidr) { return cidr.Contains(*ip); });
  if (granted) return std::nullopt;
  return "\"" + peer.address + "\" is listed as a peer, which the controller's --static-peers " +
         (static_peers_.empty() ? "denies" : "does not include");
}

std::optional<std::string> PeerPolicy::RefuseLoop(const config::Peer& peer) const {
  const auto ip = IpAddress::Parse(peer.address);
  if (!ip) return std::nullopt;
  const bool own = ip->is_loopback() || own_.contains(*ip);
  const config::SocketAddress socket{*ip, static_cast<std::uint16_t>(peer.port)};
  if (!(own && ports_.contains(peer.port)) && !listeners_.contains(socket)) return std::nullopt;
  return socket.ToString() + " is a listener of this proxy: its datagrams would come back";
}

}  // namespace stevedore::compile
