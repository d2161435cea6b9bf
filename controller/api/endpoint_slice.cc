#include "controller/api/endpoint_slice.h"

#include "controller/api/meta.h"

namespace stevedore::api {
namespace {

constexpr TextRule kAnyText{0, 1024, nullptr, "a string"};

SliceEntry DecodeEntry(Fields fields) {
  SliceEntry entry;
  fields.Require("addresses");
  const auto addresses = fields.List("addresses", {1, 100});
  if (!addresses.empty()) {
    const auto& [value, path] = addresses.front();
    entry.address = value.string().value_or("");
    if (entry.address.empty())
      fields.findings().errors.push_back({path, value.Text() + ": must be an address"});
  }
  if (auto conditions = fields.Object("conditions")) {
    entry.ready = conditions->Bool("ready").value_or(true);
    entry.serving = conditions->Bool("serving").value_or(true);
    entry.terminating = conditions->Bool("terminating").value_or(false);
  }
  if (auto target = fields.Object("targetRef"))
    entry.target = target->String("uid", kAnyText).value_or("");
  return entry;
}

}  // namespace

std::vector<SlicePort> DecodeSlicePorts(Fields& object) {
  std::vector<SlicePort> ports;
  for (auto& [value, path] : object.List("ports")) {
    Fields fields(value, path, object.findings());
    SlicePort port;
    port.name = fields.String("name", kAnyText).value_or("");
    port.protocol = fields.String("protocol", kAnyText).value_or(port.protocol);
    port.port = fields.Int("port", kPortRange);
    ports.push_back(std::move(port));
  }
  return ports;
}

EndpointSlice DecodeEndpointSlice(std::string_view json) {
  EndpointSlice slice;
  const auto parsed = Json::Parse(json);
  if (!parsed) {
    slice.findings.errors.push_back({"", parsed.error().detail});
    return slice;
  }
  Fields object(*parsed, "", slice.findings);
  slice.meta = DecodeMeta(object);
  if (const auto label = slice.meta.labels.find("kubernetes.io/service-name");
      label != slice.meta.labels.end())
    slice.service_name = label->second;
  slice.address_type = object.String("addressType", kAnyText).value_or("");
  for (auto& [value, path] : object.List("endpoints"))
    slice.entries.push_back(DecodeEntry(Fields(value, path, slice.findings)));
  slice.ports = DecodeSlicePorts(object);
  return slice;
}

}  // namespace stevedore::api
