// Fuzz target: StevedoreRoutes, one JSON object a line, up to four of them.
// Property: a route without findings is the same when it is written as JSON and decoded again. What
// all of them compile to, in a cluster and in a directory, the proxy accepts: nothing that the
// controller writes is refused. It does not depend on the order of the objects, and a refused route
// leaves no trace.
#include "controller/api/stevedore_route.h"

#include "tests/fuzz/compile_checks.h"
#include "tests/fuzz/route_json.h"

namespace stevedore::fuzz {
namespace {

void RequireSame(const api::StevedoreRoute& route) {
  const std::string json = RouteJson::Of(route);
  const api::StevedoreRoute again = api::DecodeRoute(json);
  Require(again.findings == api::Findings{}, "what was decoded and written decodes again",
          again.findings.errors.empty() ? json
                                        : config::ToString(again.findings.errors[0]) + "\n" + json);
  Require(again.spec == route.spec, "a route is the same after being written", json);
}

std::vector<Given> Around() {
  return {KcpService(),
          {source::Kind::kEndpointSlice,
           {{"game", "kcp-1"},
            R"({"metadata":{"name":"kcp-1","namespace":"game","labels":)"
            R"({"kubernetes.io/service-name":"kcp"}},"addressType":"IPv4","endpoints":[)"
            R"({"addresses":["10.0.0.2"]},{"addresses":["10.0.0.3"],"conditions":{"ready":false,)"
            R"("serving":true,"terminating":true}},{"addresses":["10.0.0.4"],"conditions":)"
            R"({"ready":false}}],"ports":[{"name":"kcp","protocol":"UDP","port":9000}]})",
            ""}}};
}

compile::CompileOptions InCluster() {
  compile::CompileOptions options;
  options.static_peers = *compile::ParseStaticPeers("any");
  options.own_addresses = {*config::IpAddress::Parse("10.1.1.1")};
  options.max_listeners = 3;
  return options;
}

}  // namespace
}  // namespace stevedore::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stevedore;
  using namespace stevedore::fuzz;
  std::vector<Given> objects = Around();
  for (const std::string& line : Lines(Text(data, size), 4)) {
    const api::StevedoreRoute route = api::DecodeRoute(line);
    if (route.findings == api::Findings{}) RequireSame(route);
    if (!IsName(route.meta.name, 253) || !IsName(route.meta.ns, 63)) continue;
    objects.push_back({source::Kind::kRoute, {route.meta.key(), line, ""}});
  }
  // Of two objects of one name the store has the later: then the order does matter.
  for (std::size_t i = 0; i < objects.size(); ++i)
    for (std::size_t j = i + 1; j < objects.size(); ++j)
      if (objects[i].kind == objects[j].kind && objects[i].object.key == objects[j].object.key)
        return 0;
  compile::CompileOptions options = InCluster();
  RequireCompiles(objects, options);
  options.directory_mode = options.share_ports_across_namespaces = true;
  RequireCompiles(objects, options);
  return 0;
}
