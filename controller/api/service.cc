#include "controller/api/service.h"

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
  AppendStrings(spec, "clusterIPs", service.addresses);
  AppendStrings(spec, "externalIPs", service.addresses);
  for (auto& [value, path] : spec.List("ports")) {
    Fields fields(value, path, spec.findings());
    ServicePort port;
    fields.Require("port");
    port.name = fields.String("name", kAnyText).value_or("");
    port.protocol = fields.String("protocol", kAnyText).value_or(port.protocol);
    port.port = fields.Int("port", {1, 65535}).value_or(0);
    service.ports.push_back(std::move(port));
  }
}

void DecodeIngress(Fields& load_balancer, Service& service) {
  for (auto& [value, path] : load_balancer.List("ingress")) {
    Fields fields(value, path, load_balancer.findings());
    if (auto ip = fields.String("ip", kAnyText)) service.addresses.push_back(*ip);
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
  if (auto status = object.Object("status"))
    if (auto load_balancer = status->Object("loadBalancer")) DecodeIngress(*load_balancer, service);
  return service;
}

}  // namespace stevedore::api
