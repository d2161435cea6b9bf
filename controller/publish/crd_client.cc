#include "controller/publish/crd_client.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "controller/kube/object_json.h"

namespace stevedore::publish {
namespace {

kube::Request RequestFor(const std::string& method, const std::string& name) {
  kube::Request request;
  request.method = method;
  request.path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/" + name;
  return request;
}

Error Refused(const kube::Response& response, const std::string& name, const std::string& rights) {
  Error error = kube::RefusalOf(response);
  if (response.status == 403)
    error.detail +=
        "; needed: " + rights + " of customresourcedefinitions.apiextensions.k8s.io " + name;
  return error;
}

}  // namespace

Result<std::optional<api::Crd>> CrdClient::Get(const std::string& name) {
  const auto response = Do(RequestFor("GET", name), name, "get");
  if (!response && response.error().code == Errc::kNotFound) return std::optional<api::Crd>();
  if (!response) return response.error();
  auto crd = api::DecodeCrd(response->body);
  if (!crd)
    return Error{crd.error().code, "the CRD " + name + " in the cluster: " + crd.error().detail};
  return std::optional(std::move(*crd));
}

Result<api::Crd> CrdClient::Put(const std::string& name, const std::string& json,
                                const api::Crd* live, Apply apply) {
  kube::Request request = RequestFor("PATCH", name);
  request.query = {{"fieldManager", kCrdFieldManager}, {"force", "true"}};
  if (apply == Apply::kDryRun) request.query.emplace_back("dryRun", "All");
  request.content_type = "application/apply-patch+yaml";
  request.body = api::EncodeCrd(json, live);
  const auto response = Do(request, name, live == nullptr ? "create and patch" : "patch");
  if (!response) return response.error();
  return api::DecodeCrd(response->body);
}

Result<> CrdClient::Delete(const api::Crd& live) {
  kube::Request request = RequestFor("DELETE", live.meta.name);
  request.content_type = "application/json";
  const nlohmann::ordered_json options = {
      {"apiVersion", "v1"},
      {"kind", "DeleteOptions"},
      {"preconditions", {{"uid", live.meta.uid}, {"resourceVersion", live.meta.resource_version}}}};
  request.body = options.dump();
  const auto response = Do(request, live.meta.name, "delete");
  return response || response.error().code == Errc::kNotFound ? Ok() : Result<>(response.error());
}

Result<kube::Response> CrdClient::Do(const kube::Request& request, const std::string& name,
                                     const std::string& rights) {
  auto response = transport_.Do(request);
  if (!response || (response->status >= 200 && response->status < 300)) return response;
  return Refused(*response, name, rights);
}

}  // namespace stevedore::publish
