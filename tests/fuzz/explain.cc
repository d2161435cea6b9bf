// Fuzz target: what people type to have a datagram explained: port, hex and client, a line each,
// and behind them the decisions that make the rules.
// Property: a request that is taken is the same when its parts are written and read again. The
// answer's last line is the verdict, it is the one of an oracle that reads the rules bit by bit,
// the peer it names is one of the upstream's ready ones, and each compare is told as the oracle
// finds it.
#include "proxy/report/explain.h"

#include <algorithm>

#include "proxy/report/explain_request.h"
#include "proxy/runtime/snapshot_builder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/rules.h"

namespace stevedore::fuzz {
namespace {

constexpr std::int64_t kKeyEnd = 6;

config::Upstream MakeUpstream(const std::string& name, const std::string& network) {
  config::Upstream upstream;
  upstream.name = name;
  for (int i = 1; i <= 3; ++i)
    upstream.peers.push_back({network + std::to_string(i), 2345, i, i == 3});
  return upstream;
}

// Upstream "turns" by round robin, "hashed" by bytes 2 to 5; rules lead to them or to "deny".
config::ProxyConfig MakeConfig(Choices& choices) {
  config::ProxyConfig config;
  config.upstreams = {MakeUpstream("turns", "10.0.0."), MakeUpstream("hashed", "2001:db8::")};
  config.upstreams[1].algorithm = config::Algorithm::kConsistentHash;
  config.upstreams[1].hash_key = config::HashKey{config::KeySource::kPayload, 2, kKeyEnd};
  config::Listener& listener = config.listeners.emplace_back();
  listener.name = "l";
  listener.port = 2614;
  listener.max_datagram_bytes = 512;
  const std::string targets[] = {"turns", "hashed", config::kDeny};
  listener.default_upstream = targets[choices.Below(3)];
  listener.rules = MakeRules(choices, choices.Below(8));
  for (config::Rule& rule : listener.rules) rule.upstream = targets[choices.Below(3)];
  return config;
}

// The verdict without the peer, or the reason of the drop.
std::string OracleVerdict(const config::ProxyConfig& config, const config::Bytes& payload) {
  const config::Listener& listener = config.listeners[0];
  if (payload.size() > static_cast<std::size_t>(listener.max_datagram_bytes))
    return "drop truncated";
  const auto rule = OracleRule(listener.rules, payload);
  const std::string to = rule ? listener.rules[*rule].upstream : listener.default_upstream;
  if (to == config::kDeny) return rule ? "drop denied" : "drop no_match";
  if (to == "turns") return "peer 10.0.0.";
  return payload.size() < kKeyEnd ? "drop short_key" : "peer [2001:db8::";
}

std::size_t Count(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

void RequireCompares(const config::ProxyConfig& config, const config::Bytes& payload,
                     const std::string& said) {
  const auto& rules = config.listeners[0].rules;
  const std::size_t first = OracleRule(rules, payload).value_or(rules.size());
  std::size_t yes = 0;
  std::size_t all = 0;
  for (std::size_t i = 0; i < rules.size() && i <= first; ++i)
    for (const config::Condition& condition : rules[i].match) {
      ++all;
      yes += OracleHolds(condition, payload) ? 1 : 0;
    }
  Require(Count(said, ": yes\n") == yes, "compares that hold are told as such", said);
  Require(Count(said, "    data[") == all, "each compare is told", said);
}

// Kept over all inputs, so that the Maglev table is built once.
struct Runtime {
  runtime::Registry registry{1};
  runtime::SnapshotBuilder builder{registry};
  std::shared_ptr<const runtime::Snapshot> snapshot;
  Nanos now{0};

  void Load(const config::ValidConfig& config) {
    const std::vector<config::IpAddress> no_addresses;
    const runtime::BuildInput input{config, no_addresses, now += std::chrono::hours(1)};
    builder.Register(input);
    snapshot = builder.Build(input);
  }
};

void RequireSame(const report::ExplainRequest& request) {
  const auto again =
      report::ParseExplainRequest(std::to_string(request.listener_port),
                                  config::FormatHex(request.payload), request.client.ToString());
  Require(again && again->listener_port == request.listener_port &&
              again->payload == request.payload && again->client == request.client,
          "a request is the same after being written", request.client.ToString());
}

void RequireVerdict(const Runtime& runtime, const config::ValidConfig& config,
                    const report::ExplainRequest& request) {
  const auto said = report::Explain(*runtime.snapshot, config, request);
  Require(static_cast<bool>(said), "a listener that exists is explained");
  const std::string expected = "\nverdict: " + OracleVerdict(*config, request.payload);
  const std::size_t at = said->rfind("\nverdict: ");
  Require(at != std::string::npos && said->compare(at, expected.size(), expected) == 0,
          "the verdict is the oracle's", expected + "\n" + *said);
  Require(std::count(said->begin() + static_cast<std::ptrdiff_t>(at) + 1, said->end(), '\n') == 1,
          "the verdict is the last line", *said);
  Require(said->find("3:2345\n", at) == std::string::npos &&
              said->find("3]:2345\n", at) == std::string::npos,
          "no draining peer while others are ready", *said);
  if (expected.find("truncated") == std::string::npos)
    RequireCompares(*config, request.payload, *said);
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  const auto lines = Lines(Text(data, size), 4);
  if (lines.size() < 3) return 0;
  const auto request = report::ParseExplainRequest(lines[0], lines[1], lines[2]);
  if (!request) {
    Require(request.error().detail.find("must be") != std::string::npos,
            "a refusal says what is right");
    return 0;
  }
  RequireSame(*request);
  const std::string rest = lines.size() > 3 ? lines[3] : "";
  Choices choices(reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size());
  const auto valid = config::Validate(MakeConfig(choices));
  if (!std::holds_alternative<config::ValidConfig>(valid)) return 0;
  static Runtime runtime;
  const auto& config = std::get<config::ValidConfig>(valid);
  runtime.Load(config);
  auto asked = *request;
  asked.listener_port = 2614;
  RequireVerdict(runtime, config, asked);
  if (request->listener_port != 2614)
    Require(!report::Explain(*runtime.snapshot, config, *request), "no other port is explained");
  return 0;
}
