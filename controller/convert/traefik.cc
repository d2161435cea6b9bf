#include "controller/convert/traefik.h"

#include <algorithm>
#include <optional>

#include "controller/convert/entry_points.h"
#include "controller/convert/names.h"
#include "controller/convert/reader.h"

namespace stevedore::convert {
namespace {

constexpr api::IntRange kWeight{0, INT32_MAX};

bool IsTraefik(const Document& document) {
  return document.api_version.starts_with("traefik.io/") ||
         document.api_version.starts_with("traefik.containo.us/");
}

// An entry of routes[].services.
struct Target {
  kube::Key service;
  std::optional<api::PortRef> port;
  std::int64_t weight = 1;
};

Target ReadTarget(Reader& service, const std::string& route_ns) {
  Target target;
  const auto name = service.Text("name");
  if (!name) service.Fail("name", "must be set: the name of a Service");
  target.service = {service.Text("namespace").value_or(route_ns), name.value_or("")};
  const auto port = service.Raw("port");
  if (port && port->string())
    target.port = *port->string();
  else if (const auto number = service.Number("port", api::kPortRange))
    target.port = *number;
  if (!port) service.Fail("port", "must be set: a port of the Service");
  target.weight = service.Number("weight", kWeight).value_or(1);
  if (service.Flag("nativeLB").value_or(false))
    service.Lose("nativeLB", "datagrams go to the pods themselves, never through the cluster IP");
  if (service.Flag("nodePortLB").value_or(false))
    service.Lose("nodePortLB", "datagrams go to the pods themselves, never through a node's port");
  service.LoseOthers("not known to convert: look it up in Traefik's documentation");
  return target;
}

class Traefik {
 public:
  Traefik(EntryPoints entry_points, Conversion& into)
      : entry_points_(std::move(entry_points)), into_(into) {}

  void ReadRoute(const Document& document) {
    Reader object(document.json, document.place(), into_);
    auto spec = object.Object("spec");
    if (!spec) {
      object.Fail("spec", "must be set");
      return;
    }
    const std::vector<std::string> names = EntryPointNames(*spec);
    spec->Skip({"ingressClassName"});
    auto routes = spec->List("routes");
    spec->LoseOthers("not known to convert: look it up in Traefik's documentation");
    for (std::size_t i = 0; i < routes.size(); ++i) {
      auto draft = ReadServices(document, routes[i]);
      if (!draft) continue;
      for (const std::string& name : names) {
        Draft copy = *draft;
        if (names.size() > 1) copy.key.name += "-" + Label(name);
        if (i > 0) copy.key.name += "-" + std::to_string(i + 1);
        AddAt(name, std::move(copy));
      }
    }
  }

 private:
  // Those of the list that are UDP and known; all UDP ones when there is no list.
  std::vector<std::string> EntryPointNames(Reader& spec) {
    std::vector<std::string> names;
    for (const std::string& name : spec.Texts("entryPoints")) {
      const auto found = entry_points_.find(Lower(name));
      if (found == entry_points_.end())
        spec.Fail("entryPoints", "the port of \"" + name +
                                     "\" is not known: add Traefik's static configuration or the "
                                     "values of its chart to the inputs, or say --entry-point " +
                                     name + "=PORT");
      else if (!found->second.where.udp)
        spec.Lose("entryPoints", "\"" + name + "\" is a TCP entry point: no datagram comes there");
      else
        names.push_back(found->first);
    }
    const auto listed = spec.Raw("entryPoints");
    if (listed && !listed->elements().empty()) return names;
    for (const auto& [name, point] : entry_points_)
      if (point.where.udp) names.push_back(name);
    if (names.empty())
      spec.Fail("entryPoints",
                "not set, so all UDP entry points are meant, and none is known: say --entry-point "
                "NAME=PORT");
    return names;
  }

  // The route without its port. Traefik chooses among services by weight; a route has one Service.
  std::optional<Draft> ReadServices(const Document& document, Reader& route) {
    std::vector<Reader> services = route.List("services");
    route.LoseOthers("not known to convert: look it up in Traefik's documentation");
    std::vector<Target> targets;
    targets.reserve(services.size());
    for (Reader& service : services) targets.push_back(ReadTarget(service, document.key.ns));
    const auto most =
        std::max_element(targets.begin(), targets.end(),
                         [](const Target& a, const Target& b) { return a.weight < b.weight; });
    if (most == targets.end() || (targets.size() > 1 && most->weight == 0)) {
      route.Lose("", "no service gets datagrams here, so there is no route to make");
      return std::nullopt;
    }
    if (!most->port) return std::nullopt;
    Draft draft{route.place(), {most->service.ns, document.key.name}, {}, {}};
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (&targets[i] == &*most) continue;
      const std::string name = targets[i].service.ToString();
      if (targets[i].weight == 0)
        draft.decisions.push_back("Service " + name + " is left out: its weight is 0.");
      else
        services[i].Lose("", "an upstream has one Service, and " + most->service.ToString() +
                                 " has the greatest weight: let one Service select the pods of "
                                 "both, or make this one the backup");
    }
    if (most->service.ns != document.key.ns)
      draft.decisions.push_back("In namespace " + most->service.ns +
                                ", that of the Service: a route names Services of its own "
                                "namespace.");
    api::UpstreamSpec& upstream = draft.spec.upstreams.emplace_back();
    upstream.name = UpstreamLabel(most->service.name);
    upstream.primary.service = api::ServiceRef{most->service.name, *most->port};
    draft.spec.default_upstream = upstream.name;
    return draft;
  }

  void AddAt(const std::string& name, Draft draft) {
    const EntryPoint& point = entry_points_.at(name);
    draft.spec.listener.port = point.where.port;
    draft.decisions.push_back("Port " + std::to_string(point.where.port) + ": entry point \"" +
                              name + "\" (" + point.where.origin + ").");
    if (!point.where.address.empty()) draft.ListenAt(point.where.address);
    if (point.idle_seconds)
      draft.spec.session.idle_timeout_seconds = point.idle_seconds;
    else
      draft.decisions.push_back(
          "Sessions end after a minute without a datagram; Traefik's end after 3 s by default.");
    into_.routes.push_back(std::move(draft));
  }

  const EntryPoints entry_points_;
  Conversion& into_;
};

// The Services that IngressRouteUDPs name: none of them stands in front of Traefik.
std::vector<kube::Key> TargetsOf(const std::vector<const Document*>& routes) {
  std::vector<kube::Key> targets;
  Conversion unused;
  for (const Document* document : routes) {
    Reader object(document->json, document->place(), unused);
    auto spec = object.Object("spec");
    if (!spec) continue;
    for (Reader& route : spec->List("routes"))
      for (Reader& service : route.List("services"))
        targets.push_back(ReadTarget(service, document->key.ns).service);
  }
  return targets;
}

}  // namespace

void ReadTraefik(std::vector<Document>& documents, const std::vector<Input>& arguments,
                 const NamedPorts& given, Conversion& into) {
  std::vector<const Document*> routes;
  for (Document& document : documents) {
    if (!IsTraefik(document)) continue;
    document.used = true;
    if (document.kind == "IngressRouteUDP")
      routes.push_back(&document);
    else
      into.losses.push_back({document.place(), "", "not UDP: it stays with Traefik"});
  }
  EntryPoints entry_points = ReadEntryPoints(documents, arguments, given, into);
  if (routes.empty()) return;
  ApplyFrontServices(documents, TargetsOf(routes), entry_points, into);
  Traefik traefik(std::move(entry_points), into);
  for (const Document* document : routes) traefik.ReadRoute(*document);
}

}  // namespace stevedore::convert
