#include "controller/compile/peer_resolver.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "proxy/config/address.h"
#include "proxy/config/limits.h"

namespace stevedore::compile {
namespace {

using config::IpAddress;
using config::SocketAddress;

enum class State { kNotReady, kDraining, kReady };  // ascending: the best copy wins

struct Listed {
  State state = State::kNotReady;
  std::string target;
};
using ListedPeers = std::map<SocketAddress, Listed>;

State StateOf(const api::SliceEntry& entry) {
  if (entry.ready) return State::kReady;
  return entry.serving && entry.terminating ? State::kDraining : State::kNotReady;
}

std::string Text(const api::PortRef& port) {
  const auto* number = std::get_if<std::int64_t>(&port);
  return number ? std::to_string(*number) : "\"" + std::get<std::string>(port) + "\"";
}

bool Names(const api::PortRef& ref, const api::ServicePort& port) {
  const auto* number = std::get_if<std::int64_t>(&ref);
  return number ? port.port == *number : port.name == std::get<std::string>(ref);
}

ResolvedPeers Unresolved(api::Reason reason, std::string message) {
  ResolvedPeers resolved;
  resolved.refs = {api::ConditionStatus::kFalse, reason, std::move(message)};
  return resolved;
}

// Adds the entries of one slice (or subset of Endpoints) at the port of that name.
void Collect(const api::EndpointSlice& slice, const std::string& port_name,
             const PeerPolicy& policy, ListedPeers& listed, std::set<std::string>& refused) {
  if (slice.address_type == "FQDN") return;
  for (const api::SlicePort& port : slice.ports) {
    if (port.name != port_name || port.protocol != "UDP" || !port.port) continue;
    for (const api::SliceEntry& entry : slice.entries) {
      auto refusal = policy.RefuseAddress(entry.address);
      if (!refusal) refusal = policy.RefuseLoop({entry.address, *port.port});
      if (refusal) {
        refused.insert(*refusal);
        continue;
      }
      const SocketAddress address{*IpAddress::Parse(entry.address),
                                  static_cast<std::uint16_t>(*port.port)};
      Listed& peer = listed[address];
      peer.state = std::max(peer.state, StateOf(entry));
      if (!entry.target.empty()) peer.target = entry.target;
    }
  }
}

// Leaves one family of each pod that is listed in both.
void KeepOneFamily(const api::Service& service, ListedPeers& listed) {
  const bool prefer_v4 = service.ip_families.empty() || service.ip_families.front() != "IPv6";
  std::set<std::string> preferred;
  for (const auto& [address, peer] : listed)
    if (address.ip.is_v4() == prefer_v4 && !peer.target.empty()) preferred.insert(peer.target);
  std::erase_if(listed, [&](const auto& entry) {
    return entry.first.ip.is_v4() != prefer_v4 && preferred.contains(entry.second.target);
  });
}

void Summarise(const ListedPeers& listed, ResolvedPeers& resolved) {
  resolved.total = static_cast<int>(listed.size());
  std::size_t beyond = 0;
  for (const auto& [address, peer] : listed) {
    if (peer.state == State::kNotReady) continue;
    if (resolved.peers.size() == config::kMaxPeers) {
      ++beyond;
      continue;
    }
    const bool draining = peer.state == State::kDraining;
    (draining ? resolved.draining : resolved.ready) += 1;
    resolved.peers.push_back({address.ip.ToString(), address.port, 1, draining});
  }
  if (beyond > 0)
    resolved.refused.push_back(std::to_string(beyond) + " peers are above the limit of " +
                               std::to_string(config::kMaxPeers));
}

}  // namespace

ResolvedPeers PeerResolver::Resolve(const PeerSource& source) const {
  return source.service ? ResolveService(*source.service, source.port)
                        : ResolveStatic(source.peers);
}

ResolvedPeers PeerResolver::ResolveStatic(const std::vector<config::Peer>& peers) const {
  ResolvedPeers resolved;
  std::map<SocketAddress, config::Peer> sorted;
  for (const config::Peer& peer : peers) {
    const auto ip = IpAddress::Parse(peer.address);
    auto refusal = policy_.RefuseStatic(peer);
    if (!refusal) refusal = policy_.RefuseLoop(peer);
    if (refusal)
      resolved.refused.push_back(*refusal);
    else
      sorted.insert({{*ip, static_cast<std::uint16_t>(peer.port)}, peer});
  }
  for (const auto& [address, peer] : sorted) resolved.peers.push_back(peer);
  resolved.total = resolved.ready = static_cast<int>(sorted.size());
  return resolved;
}

ResolvedPeers PeerResolver::ResolveService(const kube::Key& key, const api::PortRef& ref) const {
  const std::string name = "Service " + key.ToString();
  const auto found = view_.services.find(key);
  if (found == view_.services.end())
    return Unresolved(api::Reason::kServiceNotFound, name + " does not exist");
  const api::Service& service = *found->second.object;
  if (service.type == "ExternalName")
    return Unresolved(api::Reason::kUnsupportedServiceType,
                      name + " is of type ExternalName, which has no peers of its own");
  const api::ServicePort* port = nullptr;
  for (const api::ServicePort& candidate : service.ports)
    if (Names(ref, candidate) && (port == nullptr || candidate.protocol == "UDP"))
      port = &candidate;
  if (port == nullptr)
    return Unresolved(api::Reason::kPortNotFound, name + " has no port " + Text(ref));
  if (port->protocol != "UDP")
    return Unresolved(api::Reason::kUnsupportedProtocol,
                      "port " + Text(ref) + " of " + name + " is " + port->protocol + ", not UDP");

  ListedPeers listed;
  std::set<std::string> refused;
  if (const auto slices = view_.slices_of.find(key); slices != view_.slices_of.end()) {
    for (const auto& slice : slices->second) Collect(*slice, port->name, policy_, listed, refused);
  } else if (const auto endpoints = view_.endpoints.find(key); endpoints != view_.endpoints.end()) {
    for (const api::EndpointSlice& subset : endpoints->second.object->subsets)
      Collect(subset, port->name, policy_, listed, refused);
  }
  KeepOneFamily(service, listed);
  ResolvedPeers resolved;
  resolved.refused.assign(refused.begin(), refused.end());
  Summarise(listed, resolved);
  return resolved;
}

}  // namespace stevedore::compile
