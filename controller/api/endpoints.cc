#include "controller/api/endpoints.h"

#include "controller/api/meta.h"

namespace stevedore::api {
namespace {

void AppendEntries(Fields& subset, const std::string& name, bool ready, EndpointSlice& slice) {
  for (auto& [value, path] : subset.List(name)) {
    Fields fields(value, path, subset.findings());
    fields.Require("ip");
    SliceEntry entry;
    entry.address = fields.String("ip", {1, 45, nullptr, "an address"}).value_or("");
    entry.ready = ready;
    entry.serving = ready;
    slice.entries.push_back(std::move(entry));
  }
}

}  // namespace

Endpoints DecodeEndpoints(std::string_view json) {
  Endpoints endpoints;
  const auto parsed = Json::Parse(json);
  if (!parsed) {
    endpoints.findings.errors.push_back({"", parsed.error().detail});
    return endpoints;
  }
  Fields object(*parsed, "", endpoints.findings);
  endpoints.meta = DecodeMeta(object);
  for (auto& [value, path] : object.List("subsets")) {
    Fields fields(value, path, endpoints.findings);
    EndpointSlice& slice = endpoints.subsets.emplace_back();
    slice.service_name = endpoints.meta.name;
    AppendEntries(fields, "addresses", true, slice);
    AppendEntries(fields, "notReadyAddresses", false, slice);
    slice.ports = DecodeSlicePorts(fields);
  }
  return endpoints;
}

}  // namespace stevedore::api
