#include "tests/convergence/objects.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace stevedore::convergence {
namespace {

using Json = nlohmann::json;

constexpr int kServices = 3;
constexpr int kFirstPort = 20000;
constexpr int kPorts = 5;

std::string Numbered(const std::string& prefix, int number) {
  return prefix + std::to_string(number);
}

Manifest Make(const std::string& group, const std::string& resource, const std::string& ns,
              Json object) {
  const std::string name = object["metadata"]["name"];
  object["metadata"]["namespace"] = ns;
  return {group + "/namespaces/" + ns + "/" + resource + "/" + name, object.dump()};
}

Json PortRef(Dice& dice) {
  static const std::vector<Json> kRefs = {"game", "game", "game", "alt", 7777, 7778, "gone"};
  return dice.Pick(kRefs);
}

Json PeerSource(Dice& dice) {
  if (dice.Chance(75))
    return {
        {"serviceRef", {{"name", Numbered("s", dice.Roll(kServices))}, {"port", PortRef(dice)}}}};
  Json peers = Json::array();
  const int count = 1 + dice.Roll(3);
  for (int i = 0; i < count; ++i)
    peers.push_back({{"address", dice.Chance(4) ? "192.168.0.1" : Numbered("10.9.0.", i + 1)},
                     {"port", kFirstPort + dice.Roll(3)},
                     {"weight", 1 + dice.Roll(2)}});
  return {{"peers", std::move(peers)}};
}

Json Upstream(Dice& dice, const std::string& name) {
  Json upstream = PeerSource(dice);
  upstream["name"] = name;
  if (dice.Chance(30)) {
    upstream["algorithm"] = "ConsistentHash";
    upstream["hashKey"] = {{"start", 0}, {"end", 4}};
    if (dice.Chance(50)) upstream["affinity"] = "Key";
  }
  if (dice.Chance(30)) upstream["backup"] = PeerSource(dice);
  if (dice.Chance(20)) upstream["healthCheck"] = {{"payload", "0x70"}, {"periodSeconds", 5}};
  return upstream;
}

Json Rule(Dice& dice, int number) {
  static const std::vector<Json> kOperators = {"==", "!==", "&=", "!|="};
  static const std::vector<Json> kTargets = {"a", "b", "deny"};
  const int start = dice.Roll(2);
  return {{"name", Numbered("r", number)},
          {"upstream", dice.Pick(kTargets)},
          {"match", Json::array({{{"start", start},
                                  {"end", start + 1},
                                  {"operator", dice.Pick(kOperators)},
                                  {"value", "0x01"}}})}};
}

Json SlicePorts(Dice& dice) {
  Json ports = Json::array();
  if (dice.Chance(95))
    ports.push_back({{"name", "game"},
                     {"port", 7700 + dice.Roll(2)},
                     {"protocol", dice.Chance(95) ? "UDP" : "TCP"}});
  if (dice.Chance(40))
    ports.push_back({{"name", "alt"}, {"port", kFirstPort}, {"protocol", "UDP"}});
  return ports;
}

Json SliceEntry(Dice& dice, bool v6) {
  const int host = dice.Roll(8);
  Json entry = {{"addresses", {Numbered(v6 ? "fd00::" : "10.8.0.", host + 1)}}};
  Json conditions = Json::object();
  for (const char* name : {"ready", "serving", "terminating"})
    if (dice.Chance(60)) conditions[name] = dice.Chance(name == std::string("ready") ? 75 : 50);
  if (dice.Chance(80)) entry["conditions"] = std::move(conditions);
  if (dice.Chance(50))
    entry["targetRef"] = {
        {"kind", "Pod"}, {"name", Numbered("pod", host)}, {"uid", Numbered("pod", host)}};
  return entry;
}

template <class T>
T Known(const Result<T>& result) {
  if (!result) throw std::logic_error(result.error().detail);
  return *result;
}

}  // namespace

Manifest RandomRoute(Dice& dice, const Place& place) {
  const int number = dice.Roll(6);
  // Port, address and class of an object cannot change: mostly its name decides them.
  const bool settled = dice.Chance(90);
  Json listener = {{"port", kFirstPort + (settled ? number : dice.Roll(6)) % kPorts}};
  if (settled ? number == 5 : dice.Chance(30)) listener["address"] = "10.201.0.1";
  if (dice.Chance(20)) listener["maxTries"] = 1 + dice.Roll(3);
  if (dice.Chance(10)) listener["rateLimit"] = {{"datagramsPerSecond", 9 + dice.Roll(2)}};
  for (const char* list : {"allow", "deny"})
    if (dice.Chance(10)) listener[list] = Json::array({Numbered("10.", dice.Roll(3)) + ".0.0/16"});
  Json spec = {{"listener", std::move(listener)},
               {"className", settled || dice.Chance(80) ? place.class_name : "another"},
               {"upstreams", {Upstream(dice, "a"), Upstream(dice, "b")}},
               {"defaultUpstream", "a"},
               {"rules", Json::array()}};
  if (dice.Chance(20)) spec["priority"] = dice.Roll(3);
  if (dice.Chance(20))
    spec["session"] = {{"idleTimeoutSeconds", 30 + dice.Roll(3)}, {"maxReplyRatio", dice.Roll(2)}};
  const int rules = dice.Roll(4);
  for (int i = 0; i < rules; ++i) spec["rules"].push_back(Rule(dice, i));
  if (rules > 0 && dice.Chance(50)) spec["defaultUpstream"] = "deny";
  return Make("/apis/stevedore.io/v1alpha1", "stevedoreroutes", dice.Pick(place.namespaces),
              {{"apiVersion", "stevedore.io/v1alpha1"},
               {"kind", "StevedoreRoute"},
               {"metadata", {{"name", Numbered("route", number)}}},
               {"spec", std::move(spec)}});
}

Manifest RandomService(Dice& dice, const Place& place) {
  Json ports = {{{"name", "game"},
                 {"port", dice.Chance(80) ? 7777 : 7776},
                 {"protocol", dice.Chance(90) ? "UDP" : "TCP"}}};
  if (dice.Chance(50)) ports.push_back({{"name", "alt"}, {"port", 7778}, {"protocol", "UDP"}});
  Json spec = {{"ports", std::move(ports)}};
  if (dice.Chance(10)) {
    spec["type"] = "ExternalName";
    spec["externalName"] = "elsewhere.example";
  }
  return Make("/api/v1", "services", dice.Pick(place.namespaces),
              {{"apiVersion", "v1"},
               {"kind", "Service"},
               {"metadata", {{"name", Numbered("s", dice.Roll(kServices))}}},
               {"spec", std::move(spec)}});
}

Manifest RandomSlice(Dice& dice, const Place& place) {
  static const std::vector<std::string> kSuffixes = {"-x", "-y", "-six"};
  const std::string service = Numbered("s", dice.Roll(kServices));
  const std::string suffix = dice.Pick(kSuffixes);
  const bool v6 = suffix == "-six";
  Json metadata = {{"name", service + suffix}};
  // A slice may move to another Service, or leave what is watched without being deleted.
  if (dice.Chance(93))
    metadata["labels"] = {{"kubernetes.io/service-name",
                           dice.Chance(85) ? service : Numbered("s", dice.Roll(kServices))}};
  Json entries = Json::array();
  const int count = dice.Roll(5);
  for (int i = 0; i < count; ++i) entries.push_back(SliceEntry(dice, v6));
  return Make("/apis/discovery.k8s.io/v1", "endpointslices", dice.Pick(place.namespaces),
              {{"apiVersion", "discovery.k8s.io/v1"},
               {"kind", "EndpointSlice"},
               {"metadata", std::move(metadata)},
               {"addressType", v6 ? "IPv6" : "IPv4"},
               {"ports", SlicePorts(dice)},
               {"endpoints", std::move(entries)}});
}

compile::CompileOptions OptionsFor(const Place& place) {
  compile::CompileOptions options;
  options.class_name = place.class_name;
  options.hash_seed = 7;
  options.listener_ports = {Known(compile::ParsePortGrant("20000-20003")),
                            Known(compile::ParsePortGrant("20004@" + place.namespaces.front()))};
  options.max_listeners = 4;
  options.static_peers = Known(compile::ParseStaticPeers("10.0.0.0/8"));
  options.own_addresses = {*config::IpAddress::Parse("10.201.0.1"),
                           *config::IpAddress::Parse("10.8.0.1")};
  options.published_service = kube::Key{place.namespaces.front(), "s0"};
  return options;
}

}  // namespace stevedore::convergence
