#include "proxy/control/probe_targets.h"

#include <memory>
#include <span>
#include <utility>

#include "proxy/config/byte_match.h"

namespace stevedore::control {
namespace {

std::shared_ptr<const health::ProbeSpec> SpecOf(const config::HealthCheck& check) {
  health::ProbeSpec spec;
  spec.period = std::chrono::seconds(check.period_seconds);
  spec.timeout = std::chrono::seconds(check.timeout_seconds);
  spec.thresholds = {static_cast<std::uint32_t>(check.success_threshold),
                     static_cast<std::uint32_t>(check.failure_threshold)};
  spec.payload = config::ParseValue(check.payload).value_or(config::Bytes{});
  spec.wants_reply = check.expect == config::Expect::kReply;
  spec.any_reply_counts = check.expect_bytes.empty();
  if (!spec.any_reply_counts) {
    const config::Rule rule{"", check.expect_bytes, ""};
    spec.expected = runtime::RuleMatcher(std::span(&rule, 1));
  }
  return std::make_shared<const health::ProbeSpec>(std::move(spec));
}

}  // namespace

std::vector<health::ProbeTarget> ProbeTargets(const config::ValidConfig& config,
                                              const runtime::Registry& registry) {
  std::vector<health::ProbeTarget> targets;
  for (const config::Upstream& upstream : config->upstreams) {
    if (!upstream.health_check) continue;
    const auto spec = SpecOf(*upstream.health_check);
    for (const auto* peers : {&upstream.peers, &upstream.backup_peers}) {
      for (const config::Peer& peer : *peers) {
        const config::SocketAddress address = config::AddressOf(peer);
        const auto found = registry.peers.entries().find({upstream.name, address});
        if (found == registry.peers.entries().end()) continue;
        targets.push_back({upstream.name, address, spec, found->second.value.health});
      }
    }
  }
  return targets;
}

health::Ports ListenerPorts(const config::ValidConfig& config) {
  health::Ports ports;
  for (const config::Listener& listener : config->listeners)
    ports.set(static_cast<std::size_t>(listener.port));
  return ports;
}

}  // namespace stevedore::control
