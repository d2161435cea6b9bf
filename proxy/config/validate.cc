#include "proxy/config/validate.h"

#include <map>
#include <utility>

#include "proxy/config/checks.h"
#include "proxy/config/limits.h"
#include "proxy/config/validate_parts.h"

namespace stevedore::config {

// The one way to a ValidConfig.
struct ValidConfigMaker {
  static ValidConfig Make(ProxyConfig config) {
    return ValidConfig(std::make_shared<const ProxyConfig>(std::move(config)));
  }
};

namespace {

// Two listeners may share a port when at most one of them takes every address.
void CheckSockets(Checks& checks, const std::vector<Listener>& listeners) {
  const FieldPath root;
  std::map<SocketAddress, std::size_t> seen;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const auto ip = IpAddress::Parse(listeners[i].address);
    if (!ip || listeners[i].port < 1 || listeners[i].port > 65535) continue;
    SocketAddress address{*ip, static_cast<std::uint16_t>(listeners[i].port)};
    const std::string text = address.ToString();
    if (ip->is_unspecified()) address.ip = IpAddress();
    const auto [first, fresh] = seen.try_emplace(address, i);
    if (fresh) continue;
    const FieldPath path = root.Item("listeners", i);
    checks.Report(path.Field("port"), text + ": taken by listener " +
                                          Quote(listeners[first->second].name) +
                                          ": address and port must be unique");
  }
}

void CheckOwnAddresses(Checks& checks, const std::vector<std::string>& addresses) {
  const FieldPath root;
  for (std::size_t i = 0; i < addresses.size(); ++i)
    if (const auto problem = AddressProblem(addresses[i], Wildcard::kRefuse))
      checks.Report(root.Item("ownAddresses", i), *problem);
}

UniqueNames CheckUpstreams(Checks& checks, const ProxyConfig& config) {
  const FieldPath root;
  const OwnSockets own(config);
  checks.Count(root.Field("upstreams"), config.upstreams.size(), kMaxUpstreams);
  UniqueNames names;
  for (std::size_t i = 0; i < config.upstreams.size(); ++i) {
    const FieldPath path = root.Item("upstreams", i);
    names.Add(checks, path.Field("name"), "upstreams", i, config.upstreams[i].name);
    CheckUpstream(checks, path, config.upstreams[i], own);
  }
  return names;
}

void CheckListeners(Checks& checks, const ProxyConfig& config, const UniqueNames& upstreams) {
  const FieldPath root;
  checks.Count(root.Field("listeners"), config.listeners.size(), kMaxListeners);
  UniqueNames names;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const FieldPath path = root.Item("listeners", i);
    names.Add(checks, path.Field("name"), "listeners", i, config.listeners[i].name);
    CheckListener(checks, path, config.listeners[i], upstreams);
  }
  CheckSockets(checks, config.listeners);
}

SocketAddress AddressAt(const std::string& ip, std::int64_t port) {
  return {IpAddress::Parse(ip).value_or(IpAddress{}), static_cast<std::uint16_t>(port)};
}

}  // namespace

SocketAddress AddressOf(const Listener& listener) {
  return AddressAt(listener.address, listener.port);
}

SocketAddress AddressOf(const Peer& peer) { return AddressAt(peer.address, peer.port); }

std::variant<ValidConfig, FieldErrors> Validate(ProxyConfig config) {
  FieldErrors errors;
  Checks checks(errors);
  CheckOwnAddresses(checks, config.own_addresses);
  const UniqueNames upstreams = CheckUpstreams(checks, config);
  CheckListeners(checks, config, upstreams);
  if (!errors.empty()) return errors;
  return ValidConfigMaker::Make(std::move(config));
}

}  // namespace stevedore::config
