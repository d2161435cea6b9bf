#include "controller/convert/front_service.h"

#include <algorithm>
#include <array>

#include "controller/convert/names.h"

namespace stevedore::convert {
namespace {

// (field of the Service, value of the chart)
constexpr std::array<std::pair<const char*, const char*>, 6> kSettings = {{
    {"loadBalancerClass", "set the chart's value service.loadBalancerClass"},
    {"loadBalancerSourceRanges",
     "set the chart's value service.loadBalancerSourceRanges, or everyone is let in"},
    {"loadBalancerIP",
     "ask for the address by an annotation of your load balancer (the chart's "
     "service.annotations)"},
    {"externalIPs",
     "add them to the Service of Stevedore by hand; the controller leaves them alone"},
    {"ipFamilyPolicy", "set the chart's value service.ipFamilyPolicy"},
    {"healthCheckNodePort", "set the chart's value service.healthCheckNodePort"},
}};

bool IsUsed(const std::vector<FrontPort>& used, const Place& place) {
  return std::any_of(used.begin(), used.end(),
                     [&](const FrontPort& port) { return port.place == place; });
}

void LoseAnnotations(Reader& object) {
  auto metadata = object.Object("metadata");
  auto annotations = metadata ? metadata->Object("annotations") : std::nullopt;
  if (!annotations) return;
  for (const std::string& name : annotations->json().member_names()) {
    // Written by tools, not by people.
    if (name.starts_with("kubectl.kubernetes.io/") || name.starts_with("meta.helm.sh/")) continue;
    annotations->Lose(name, "set the chart's value service.annotations if it is still needed");
  }
}

void LoseNodePorts(Reader& spec, const std::vector<FrontPort>& used) {
  for (Reader& port : spec.List("ports")) {
    const auto number = port.json().member("port");
    if (!port.Raw("nodePort") || !number || !IsUsed(used, port.place())) continue;
    const auto name = port.json().member("name");
    port.Lose("nodePort",
              "clients that use it need the same one: set the chart's value service.ports." +
                  Label(name ? name->string().value_or("udp") : "udp") +
                  " to {port: " + number->Text() + ", nodePort: " + port.Raw("nodePort")->Text() +
                  "} once this Service has let go of it");
  }
}

}  // namespace

bool FacesClients(const Document& service) {
  const auto spec = service.kind == "Service" ? service.json.member("spec") : std::nullopt;
  if (!spec) return false;
  const auto type = spec->member("type");
  return spec->member("externalIPs") ||
         (type && (type->string() == "LoadBalancer" || type->string() == "NodePort"));
}

FrontService ReadFrontService(const Document& service, Conversion& into) {
  FrontService front{service.place(), {}};
  Reader object(service.json, service.place(), into);
  auto spec = object.Object("spec");
  if (!spec) return front;
  for (Reader& port : spec->List("ports")) {
    if (port.Text("protocol").value_or("TCP") != "UDP") continue;
    FrontPort entry{port.place(), port.Text("name").value_or(""), 0, 0, ""};
    entry.port = port.Number("port", api::kPortRange).value_or(0);
    entry.target = entry.port;
    if (const auto target = port.Raw("targetPort")) {
      entry.target = target->integer().value_or(0);
      entry.target_name = target->string().value_or("");
    }
    front.ports.push_back(std::move(entry));
  }
  return front;
}

void LoseFrontSettings(const Document& service, const std::vector<FrontPort>& used,
                       Conversion& into) {
  Reader object(service.json, service.place(), into);
  LoseAnnotations(object);
  auto spec = object.Object("spec");
  if (!spec) return;
  if (spec->Text("type").value_or("ClusterIP") == "NodePort") LoseNodePorts(*spec, used);
  for (const auto& [field, remedy] : kSettings) {
    const auto value = spec->Raw(field);
    if (value && value->Text() != "\"SingleStack\"") spec->Lose(field, remedy);
  }
  if (spec->Text("externalTrafficPolicy").value_or("Local") == "Cluster" &&
      spec->Text("type").value_or("ClusterIP") != "ClusterIP")
    spec->Lose("externalTrafficPolicy",
               "the chart's default is Local; set its value service.externalTrafficPolicy if every "
               "node shall answer");
}

}  // namespace stevedore::convert
