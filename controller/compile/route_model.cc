#include "controller/compile/route_model.h"

namespace stevedore::compile {
namespace {

PeerSource Convert(const api::PeerSource& source, const std::string& ns) {
  PeerSource converted;
  converted.peers = source.peers;
  if (source.service) {
    converted.service = kube::Key{ns, source.service->name};
    converted.port = source.service->port;
  }
  return converted;
}

UpstreamModel Convert(const api::UpstreamSpec& spec, const std::string& ns) {
  UpstreamModel upstream;
  upstream.policy.name = spec.name;
  upstream.policy.algorithm = spec.algorithm;
  upstream.policy.hash_key = spec.hash_key;
  upstream.policy.affinity = spec.affinity;
  upstream.policy.drain = spec.drain.value_or(config::Drain::kKeep);
  upstream.policy.drain_timeout_seconds = spec.drain_timeout_seconds;
  upstream.policy.when_none_usable = spec.when_none_usable;
  upstream.policy.follow_reply_port = spec.follow_reply_port;
  upstream.policy.health_check = spec.health_check;
  upstream.primary = Convert(spec.primary, ns);
  if (spec.backup) upstream.backup = Convert(*spec.backup, ns);
  return upstream;
}

}  // namespace

RouteModel FromStevedoreRoute(const api::StevedoreRoute& route) {
  const api::RouteSpec& spec = route.spec;
  RouteModel model;
  model.key = route.meta.key();
  model.created = route.meta.creation_timestamp;
  model.address = spec.listener.address;
  model.port = spec.listener.port;
  model.priority = spec.priority;
  model.tunables = {spec.listener.max_datagram_bytes,
                    spec.listener.max_tries,
                    spec.session.idle_timeout_seconds,
                    spec.session.embryonic_timeout_seconds,
                    spec.session.max_reply_only_seconds,
                    spec.session.max_sessions,
                    spec.session.max_sessions_per_source,
                    spec.session.max_reply_ratio,
                    spec.listener.allow,
                    spec.listener.deny,
                    spec.listener.rate_limit};
  model.rules = spec.rules;
  model.default_upstream = spec.default_upstream;
  for (const api::UpstreamSpec& upstream : spec.upstreams)
    model.upstreams.push_back(Convert(upstream, model.key.ns));
  return model;
}

std::string ListenerName(const std::string& owner_ns, std::int64_t port,
                         const std::string& address) {
  const std::string name = owner_ns + "/" + std::to_string(port);
  return address.empty() ? name : name + "/" + address;
}

std::string ScopedName(const kube::Key& route, const std::string& name) {
  return route.ToString() + "/" + name;
}

}  // namespace stevedore::compile
