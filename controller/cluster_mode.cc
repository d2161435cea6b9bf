#include "controller/cluster_mode.h"

#include <random>
#include <utility>

#include "proxy/base/log.h"

namespace stevedore {
namespace {

double Random() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

kube::RestOptions WithUserAgent(const std::string& pod) {
  kube::RestOptions options;
  options.user_agent = kube::UserAgent(pod);
  return options;
}

std::string Or(const std::string& text, const std::string& otherwise) {
  return text.empty() ? otherwise : text;
}

}  // namespace

ClusterMode::ClusterMode(kube::ClusterAccess access, std::string name, const std::string& pod,
                         std::vector<std::string> namespaces, const Clock& clock)
    : name_(std::move(name)),
      namespaces_(std::move(namespaces)),
      clock_(clock),
      credentials_(std::move(access), clock),
      transport_(credentials_, clock, WithUserAgent(pod)),
      statuses_(transport_, clock) {}

Result<std::unique_ptr<Mode>> ClusterMode::Open(const ControllerOptions& options,
                                                const Clock& clock,
                                                const kube::Environment& environment) {
  auto access = kube::FindClusterAccess(options.kubeconfig, options.context,
                                        kube::kServiceAccountDirectory, environment);
  if (!access) return access.error();
  spdlog::info("Using API server host={} port={} credentials={}", access->server.host,
               access->server.port, access->name);
  std::string name =
      Or(environment("POD_NAMESPACE"), access->ns) + "/" + options.compile.class_name;
  return std::unique_ptr<Mode>(new ClusterMode(std::move(*access), std::move(name),
                                               Or(environment("POD_NAME"), "unnamed"),
                                               options.watch_namespaces, clock));
}

Result<> ClusterMode::Start(source::Sink& sink) {
  source_ = std::make_unique<source::KubernetesSource>(transport_, clock_, sink, namespaces_,
                                                       Random, nullptr);
  source_->Start();
  return Ok();
}

std::vector<source::WatchReport> ClusterMode::Watches() const { return source_->Reports(); }

}  // namespace stevedore
