#include "controller/compile/published_service.h"

#include <set>
#include <string>

namespace stevedore::compile {
namespace {

constexpr std::size_t kMaxAddresses = 16;

void AddOwn(const std::vector<std::string>& texts, std::set<config::IpAddress>& own) {
  for (const std::string& text : texts)
    if (const auto ip = config::IpAddress::Parse(text);
        ip && !ip->is_unspecified() && !ip->is_multicast() && !ip->is_broadcast())
      own.insert(*ip);
}

void AddPlaces(const char* type, const std::vector<std::string>& values,
               std::vector<api::ListenerAddress>& places) {
  for (const std::string& value : values) places.push_back({type, value, 0, 0});
}

}  // namespace

PublishedService::PublishedService(const store::ClusterView& view, const CompileOptions& options) {
  if (!options.published_service) return;
  const auto found = view.services.find(*options.published_service);
  if (found == view.services.end()) return;
  const api::Service& service = *found->second.object;
  std::set<config::IpAddress> own;
  AddOwn(service.cluster_ips, own);
  AddOwn(service.external_ips, own);
  AddOwn(service.ingress_ips, own);
  own_.assign(own.begin(), own.end());
  AddPlaces("IPAddress", service.ingress_ips, places_);
  AddPlaces("Hostname", service.ingress_hostnames, places_);
  AddPlaces("IPAddress", service.external_ips, places_);
  if (places_.empty()) AddPlaces("IPAddress", service.cluster_ips, places_);
  for (const api::ServicePort& port : service.ports)
    if (port.protocol == "UDP") by_target_.insert({port.target_port, port});
}

std::vector<api::ListenerAddress> PublishedService::ReachOf(std::int64_t listener_port) const {
  std::vector<api::ListenerAddress> reach;
  const auto [first, last] = by_target_.equal_range(listener_port);
  for (auto port = first; port != last; ++port)
    for (api::ListenerAddress place : places_) {
      if (reach.size() == kMaxAddresses) return reach;
      place.port = port->second.port;
      place.node_port = port->second.node_port;
      reach.push_back(std::move(place));
    }
  return reach;
}

std::set<std::int64_t> PublishablePorts(const config::ProxyConfig& config) {
  static const std::string kAllAddresses = config::Listener().address;
  std::set<std::int64_t> ports;
  for (const config::Listener& listener : config.listeners)
    if (listener.address == kAllAddresses) ports.insert(listener.port);
  return ports;
}

}  // namespace stevedore::compile
