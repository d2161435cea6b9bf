#include "controller/api/port_claims.h"

#include <optional>
#include <string_view>

namespace stevedore::api {
namespace {

// The member at the end of a path of names.
std::optional<Json> At(const Json& json, std::initializer_list<const char*> path) {
  std::optional<Json> at = json;
  for (const char* name : path)
    if (at) at = at->member(name);
  return at;
}

std::string Text(const Json& object, const char* name) {
  const auto value = object.member(name);
  return value ? value->string().value_or("") : "";
}

}  // namespace

std::vector<std::pair<std::pair<std::int64_t, std::string>, PortClaim>> DecodePortClaims(
    const Json& metadata) {
  std::vector<std::pair<std::pair<std::int64_t, std::string>, PortClaim>> claims;
  const auto managers = metadata.member("managedFields");
  if (!managers) return claims;
  for (const Json& manager : managers->elements()) {
    const auto ports = At(manager, {"fieldsV1", "f:spec", "f:ports"});
    if (!ports) continue;
    for (const std::string& name : ports->member_names()) {
      // k:{"port":53,"protocol":"UDP"}
      if (!name.starts_with("k:")) continue;
      const auto key = Json::Parse(std::string_view(name).substr(2));
      const auto port = key ? key->member("port") : std::nullopt;
      const auto fields = ports->member(name);
      if (!port || !port->integer() || !fields) continue;
      const std::string protocol = Text(*key, "protocol");
      claims.push_back({{*port->integer(), protocol.empty() ? "TCP" : protocol},
                        {Text(manager, "manager"), Text(manager, "operation") == "Apply",
                         fields->member(".").has_value(), fields->member("f:name").has_value(),
                         fields->member("f:targetPort").has_value()}});
    }
  }
  return claims;
}

}  // namespace stevedore::api
