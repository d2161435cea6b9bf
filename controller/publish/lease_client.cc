#include "controller/publish/lease_client.h"

#include <utility>

#include "controller/kube/object_json.h"

namespace stevedore::publish {
namespace {

kube::Request WriteRequest(const std::string& method, std::string path, const api::Lease& lease) {
  kube::Request request;
  request.method = method;
  request.path = std::move(path);
  request.content_type = "application/json";
  request.body = api::EncodeLease(lease);
  return request;
}

}  // namespace

std::string LeasesPath(const std::string& ns) {
  return "/apis/coordination.k8s.io/v1/namespaces/" + ns + "/leases";
}

Result<api::Lease> LeaseClient::Get(const kube::Key& key, std::stop_token stop) {
  kube::Request request;
  request.path = LeasesPath(key.ns) + "/" + key.name;
  return Do(std::move(request), std::move(stop));
}

Result<api::Lease> LeaseClient::Create(const api::Lease& lease, std::stop_token stop) {
  return Do(WriteRequest("POST", LeasesPath(lease.key.ns), lease), std::move(stop));
}

Result<api::Lease> LeaseClient::Update(const api::Lease& lease, std::stop_token stop) {
  return Do(WriteRequest("PUT", LeasesPath(lease.key.ns) + "/" + lease.key.name, lease),
            std::move(stop));
}

Result<> LeaseClient::Delete(const kube::Key& key, std::stop_token stop) {
  kube::Request request;
  request.method = "DELETE";
  request.path = LeasesPath(key.ns) + "/" + key.name;
  const auto response = Send(std::move(request), std::move(stop));
  return response ? Ok() : Result<>(response.error());
}

Result<api::Lease> LeaseClient::Do(kube::Request request, std::stop_token stop) {
  const auto response = Send(std::move(request), std::move(stop));
  if (!response) return response.error();
  return api::DecodeLease(response->body);
}

Result<kube::Response> LeaseClient::Send(kube::Request request, std::stop_token stop) {
  request.timeout = timeout_;
  request.unlimited = true;
  request.stop = std::move(stop);
  auto response = transport_.Do(request);
  if (!response) return Error{Errc::kUnavailable, response.error().detail};
  if (response->status >= 200 && response->status < 300) return response;
  return kube::RefusalOf(*response);
}

}  // namespace stevedore::publish
