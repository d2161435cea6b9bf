#include "controller/api/service_apply.h"

#include <nlohmann/json.hpp>

namespace stevedore::api {

std::string AppliedName(std::int64_t port) { return "udp-" + std::to_string(port); }

std::string EncodePorts(const kube::ObjectMeta& meta, const std::vector<AppliedPort>& ports) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const AppliedPort& applied : ports) {
    Json port = Json::object();
    if (applied.name) port["name"] = AppliedName(applied.port);
    port["port"] = applied.port;
    port["protocol"] = "UDP";
    if (applied.target_port) port["targetPort"] = applied.port;
    list.push_back(std::move(port));
  }
  const Json object = {{"apiVersion", "v1"},
                       {"kind", "Service"},
                       {"metadata",
                        {{"name", meta.name},
                         {"namespace", meta.ns},
                         {"uid", meta.uid},
                         {"resourceVersion", meta.resource_version}}},
                       {"spec", {{"ports", std::move(list)}}}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace stevedore::api
