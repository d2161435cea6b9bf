#include "controller/kube/credentials.h"

#include <chrono>
#include <cstdlib>
#include <utility>

#include "controller/kube/kubeconfig.h"
#include "proxy/base/file.h"
#include "proxy/base/log.h"

namespace stevedore::kube {
namespace {

constexpr Nanos kTokenAge = std::chrono::seconds(60);

std::string Trim(const std::string& text) {
  const char* const kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string Namespace(const std::string& directory, const Environment& environment) {
  if (std::string pod = environment("POD_NAMESPACE"); !pod.empty()) return pod;
  const Result<std::string> file = ReadFile(directory + "/namespace");
  const std::string trimmed = file ? Trim(*file) : "";
  return trimmed.empty() ? "default" : trimmed;
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
}

Result<ClusterAccess> InClusterAccess(const std::string& directory,
                                      const Environment& environment) {
  const std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Error{Errc::kNotFound,
                 "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: not in a pod"};
  }
  ClusterAccess access;
  access.token.path = directory + "/token";
  if (const Result<std::string> token = access.token.Read(); !token) {
    return Error{Errc::kNotFound, "no service account token: " + token.error().detail};
  }
  const bool v6 = host.find(':') != std::string::npos;
  Result<ServerUrl> url = ParseServerUrl("https://" + (v6 ? "[" + host + "]" : host) + ":" + port);
  if (!url) return url.error();
  access.server = *std::move(url);
  // The Host header of an IPv6 literal would go out without its brackets.
  if (v6) access.tls_server_name = "kubernetes.default.svc";
  access.ca.path = directory + "/ca.crt";
  access.ns = Namespace(directory, environment);
  access.name = "in-cluster";
  return access;
}

Result<ClusterAccess> FindClusterAccess(const std::string& kubeconfig, const std::string& context,
                                        const std::string& directory,
                                        const Environment& environment) {
  if (kubeconfig.empty() && context.empty()) {
    Result<ClusterAccess> access = InClusterAccess(directory, environment);
    if (access || access.error().code != Errc::kNotFound) return access;
  }
  Result<ClusterAccess> access = LoadKubeconfig(KubeconfigFiles(kubeconfig, environment), context);
  if (!access) return access;
  if (std::string pod = environment("POD_NAMESPACE"); !pod.empty()) access->ns = pod;
  return access;
}

std::string Credentials::Token() {
  if (access_.token.path.empty()) return Trim(access_.token.text);
  const std::lock_guard lock(mutex_);
  const Nanos now = clock_.Now();
  if (read_at_ && now - *read_at_ < kTokenAge) return token_;
  read_at_ = now;
  const Result<std::string> content = access_.token.Read();
  const std::string token = content ? Trim(*content) : "";
  if (token.empty()) {
    spdlog::warn("Kept the last token: the file gave none file={} error={}", access_.token.path,
                 content ? "empty" : content.error().detail);
  } else {
    token_ = token;
  }
  return token_;
}

void Credentials::RefuseToken(const std::string& token) {
  const std::lock_guard lock(mutex_);
  // Several requests may be refused for one token: only the first makes it be read again.
  if (token == token_) read_at_.reset();
}

}  // namespace stevedore::kube
