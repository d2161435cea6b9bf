#include "controller/api/service.h"

#include <map>
#include <utility>

#include "controller/api/meta.h"

namespace stevedore::api {
namespace {

constexpr TextRule kAnyText{0, 1024, nullptr, "a string"};

void AppendStrings(Fields& object, const std::string& name, std::vector<std::string>& into) {
  for (auto& [value, path] : object.List(name)) {
    const auto text = value.string();
    if (!text) object.findings().errors.push_back({path, value.Text() + ": must be a string"});
    if (text && *text != "None" && !text->empty()) into.push_back(*text);
  }
}

void DecodeSpec(Fields spec, Service& service) {
  service.type = spec.String("type", kAnyText).value_or(service.type);
  AppendStrings(spec, "ipFamilies", service.ip_families);
  AppendStrings(spec, "clusterIPs", service.cluster_ips);
  AppendStrings(spec, "externalIPs", service.external_ips);
  for (auto& [value, path] : spec.List("ports")) {
    Fields fields(value, path, spec.findings());
    ServicePort port;
    fields.Require("port");
    port.name = fields.String("name", kAnyText).value_or("");
    port.protocol = fields.String("protocol", kAnyText).value_or(port.protocol);
    port.port = fields.Int("port", kPortRange).value_or(0);
    const auto target = fields.Raw("targetPort");
    port.target_port = target ? target->integer().value_or(0) : port.port;
    port.node_port = fields.Int("nodePort", {0, 65535}).value_or(0);
    service.ports.push_back(std::move(port));
  }
}

void AddClaims(const Json& metadata, Service& service) {
  std::map<std::pair<std::int64_t, std::string>, ServicePort*> ports;
  for (ServicePort& port : service.ports) ports.try_emplace({port.port, port.protocol}, &port);
  for (auto& [key, claim] : DecodePortClaims(metadata))
    if (const auto found = ports.find(key); found != ports.end())
      found->second->claims.push_back(std::move(claim));
}

void DecodeIngress(Fields& load_balancer, Service& service) {
  for (auto& [value, path] : load_balancer.List("ingress")) {
    Fields fields(value, path, load_balancer.findings());
    if (auto ip = fields.String("ip", kAnyText)) service.ingress_ips.push_back(*ip);
    if (auto name = fields.String("hostname", kAnyText)) service.ingress_hostnames.push_back(*name);
  }
}

}  // namespace

Service DecodeService(std::string_view json) {
  Service service;
  const auto parsed = Json::Parse(json);
  if (!parsed) {
    service.findings.errors.push_back({"", parsed.error().detail});
    return service;
  }
  Fields object(*parsed, "", service.findings);
  service.meta = DecodeMeta(object);
  if (auto spec = object.Object("spec")) DecodeSpec(std::move(*spec), service);
  if (const auto metadata = object.Raw("metadata")) AddClaims(*metadata, service);
  if (auto status = object.Object("status"))
    if (auto load_balancer = status->Object("loadBalancer")) DecodeIngress(*load_balancer, service);
  return service;
}

}  // namespace stevedore::api
