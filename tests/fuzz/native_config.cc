// Fuzz target: the native config file.
// Property: a text that loads is written as a text that loads to the same config, digest and
// bytes; the config passes the validator alone, and a snapshot is built of it that has every
// listener, rule, upstream and peer of it and serves from the peers that are ready. A text that
// does not load tells at least one error, printable and at a line of the text.
#include "proxy/runtime/snapshot_builder.h"
#include "tests/fuzz/config_checks.h"

namespace stevedore::fuzz {
namespace {

// Tables of 65 537 slots are built for these: a few are enough to see all of the code.
constexpr std::ptrdiff_t kMaxHashed = 4;

void RequireSnapshot(const config::ValidConfig& config) {
  const auto hashed = std::count_if(
      config->upstreams.begin(), config->upstreams.end(),
      [](const auto& u) { return u.algorithm == config::Algorithm::kConsistentHash; });
  if (hashed > kMaxHashed) return;
  runtime::Registry registry(1);
  runtime::SnapshotBuilder builder(registry);
  const std::vector<config::IpAddress> no_addresses;
  const runtime::BuildInput input{config, no_addresses, Nanos(0)};
  builder.Register(input);
  const auto snapshot = builder.Build(input);
  Require(snapshot->listeners.size() == config->listeners.size(), "the snapshot has the listeners");
  for (std::size_t i = 0; i < config->listeners.size(); ++i)
    Require(snapshot->listeners[i].rules.size() == config->listeners[i].rules.size(),
            "the snapshot has the rules");
  Require(snapshot->upstreams.size() == config->upstreams.size(), "the snapshot has the upstreams");
  std::size_t peers = 0;
  for (std::size_t i = 0; i < config->upstreams.size(); ++i) {
    const config::Upstream& upstream = config->upstreams[i];
    peers += upstream.peers.size() + upstream.backup_peers.size();
    const auto ready =
        static_cast<std::size_t>(std::count_if(upstream.peers.begin(), upstream.peers.end(),
                                               [](const auto& peer) { return !peer.draining; }));
    const runtime::PickSet& picks = snapshot->upstreams[i].picks;
    if (ready > 0)
      Require(picks.tier == runtime::Tier::kReady && picks.usable.size() == ready,
              "ready peers serve, and they alone");
  }
  const auto present = std::count_if(snapshot->peers.begin(), snapshot->peers.end(),
                                     [](const auto& peer) { return peer.present; });
  Require(static_cast<std::size_t>(present) == peers, "the snapshot has the peers");
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  const std::string_view text = fuzz::Text(data, size);
  const config::Loaded loaded = config::Load(text);
  fuzz::Require(loaded.config.has_value() == loaded.errors.empty(), "a config, or errors");
  fuzz::RequireTold(loaded.errors, text);
  fuzz::RequireTold(loaded.notes, text);
  if (!loaded.config) return 0;
  const auto valid = config::Validate(**loaded.config);
  fuzz::Require(std::holds_alternative<config::ValidConfig>(valid), "what loads is valid");
  fuzz::RequireRoundTrip(*loaded.config);
  fuzz::RequireSnapshot(*loaded.config);
  return 0;
}
