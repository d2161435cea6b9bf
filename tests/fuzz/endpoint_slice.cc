// Fuzz target: EndpointSlices and Endpoints, one JSON object a line, up to three of them.
// Property: a slice without findings is the same when it is written as JSON and decoded again. What
// a route over them compiles to, the proxy accepts, whatever they hold; each peer in it is an
// address that a slice names as ready, or as serving while it ends, and one that a peer may have.
#include "controller/api/endpoint_slice.h"

#include "controller/api/endpoints.h"
#include "proxy/config/json_text.h"
#include "tests/fuzz/compile_checks.h"

namespace stevedore::fuzz {
namespace {

std::string Written(const api::EndpointSlice& slice) {
  config::JsonText json;
  json.OpenObject();
  json.Name("metadata").OpenObject();
  json.Name("name").Value(slice.meta.name);
  json.Name("namespace").Value(slice.meta.ns);
  json.Name("labels").OpenObject();
  json.Name("kubernetes.io/service-name").Value(slice.service_name);
  json.CloseObject();
  json.CloseObject();
  json.Name("addressType").Value(slice.address_type);
  json.Name("endpoints").OpenArray();
  for (const api::SliceEntry& entry : slice.entries) {
    json.OpenObject();
    json.Name("addresses").OpenArray();
    json.Value(entry.address);
    json.CloseArray();
    json.Name("conditions").OpenObject();
    json.Name("ready").Value(entry.ready);
    json.Name("serving").Value(entry.serving);
    json.Name("terminating").Value(entry.terminating);
    json.CloseObject();
    json.Name("targetRef").OpenObject();
    json.Name("uid").Value(entry.target);
    json.CloseObject();
    json.CloseObject();
  }
  json.CloseArray();
  json.Name("ports").OpenArray();
  for (const api::SlicePort& port : slice.ports) {
    json.OpenObject();
    json.Name("name").Value(port.name);
    json.Name("protocol").Value(port.protocol);
    if (port.port) json.Name("port").Value(*port.port);
    json.CloseObject();
  }
  json.CloseArray();
  json.CloseObject();
  return std::move(json).Take();
}

void RequireSame(const api::EndpointSlice& slice) {
  const std::string json = Written(slice);
  const api::EndpointSlice again = api::DecodeEndpointSlice(json);
  Require(again.findings == api::Findings{}, "what was decoded and written decodes again", json);
  Require(again.entries == slice.entries && again.ports == slice.ports &&
              again.service_name == slice.service_name && again.address_type == slice.address_type,
          "a slice is the same after being written", json);
}

// The addresses that slices offer, as plain sets of texts.
struct Offered {
  std::vector<api::SliceEntry> entries;

  void Add(const api::EndpointSlice& slice) {
    entries.insert(entries.end(), slice.entries.begin(), slice.entries.end());
  }
  bool Has(const config::Peer& peer) const {
    return std::any_of(entries.begin(), entries.end(), [&](const api::SliceEntry& entry) {
      const auto ip = config::IpAddress::Parse(entry.address);
      if (!ip || ip->ToString() != peer.address) return false;
      return entry.ready || (entry.serving && entry.terminating);
    });
  }
};

void RequirePeers(const config::ProxyConfig& config, const Offered& offered) {
  const auto require = [&](const config::Peer& peer) {
    Require(offered.Has(peer), "a peer is one that a slice offers", peer.address);
    const auto ip = config::IpAddress::Parse(peer.address);
    Require(ip && !ip->is_unspecified() && !ip->is_loopback() && !ip->is_multicast() &&
                !ip->is_link_local() && !ip->is_broadcast(),
            "and has an address that a peer may have", peer.address);
  };
  for (const config::Upstream& upstream : config.upstreams) {
    for (const config::Peer& peer : upstream.peers) require(peer);
    for (const config::Peer& peer : upstream.backup_peers) require(peer);
  }
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  std::vector<Given> objects = {
      KcpService(),
      Route("by-name",
            R"({"listener":{"port":2614},"defaultUpstream":"a","upstreams":[{"name":"a",)"
            R"("serviceRef":{"name":"kcp","port":"kcp"},"backup":{"serviceRef":)"
            R"({"name":"kcp","port":2345}}}]})"),
      Route("hashed", R"({"listener":{"port":9000},"defaultUpstream":"a","upstreams":[{"name":"a",)"
                      R"("algorithm":"ConsistentHash","hashKey":{"start":0,"end":4},)"
                      R"("serviceRef":{"name":"kcp","port":2345}}]})")};
  Offered offered;
  int number = 0;
  for (const std::string& line : Lines(Text(data, size), 3)) {
    const std::string name = "slice-" + std::to_string(++number);
    const api::EndpointSlice slice = api::DecodeEndpointSlice(line);
    if (slice.findings == api::Findings{}) RequireSame(slice);
    const api::Endpoints endpoints = api::DecodeEndpoints(line);
    if (endpoints.subsets.empty()) {
      offered.Add(slice);
      objects.push_back({source::Kind::kEndpointSlice, {{"game", name}, line, ""}});
    } else {
      for (const api::EndpointSlice& subset : endpoints.subsets) offered.Add(subset);
      objects.push_back({source::Kind::kEndpoints, {endpoints.meta.key(), line, ""}});
    }
  }
  compile::CompileOptions options;
  RequirePeers(RequireCompiles(objects, options).config, offered);
  return 0;
}
