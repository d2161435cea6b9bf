#include "controller/cluster_mode.h"

#include <unistd.h>

#include <random>
#include <utility>

#include "proxy/base/log.h"
#include "proxy/base/timestamp.h"

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

// "host:port", as it stands in a URL.
std::string HostOf(const kube::ServerUrl& server) {
  const bool v6 = server.host.find(':') != std::string::npos;
  return (v6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "unnamed";
}

std::string LeaseName(const ControllerOptions& options) {
  if (!options.leader_elect) return "";
  return Or(options.leader_election_id, "stevedore-" + options.compile.class_name);
}

}  // namespace

ClusterMode::ClusterMode(kube::ClusterAccess access, const Self& self,
                         const ControllerOptions& options, const Clock& clock)
    : name_(self.ns + "/" + options.compile.class_name),
      ns_(self.ns),
      pod_(self.pod),
      namespaces_(options.watch_namespaces),
      elsewhere_(UnwatchedService(options)),
      clock_(clock),
      lease_(LeaseName(options)),
      credentials_(std::move(access), clock),
      rest_(credentials_, clock, WithUserAgent(self.pod)),
      transport_(rest_, clock, HostOf(credentials_.access().server)),
      statuses_(transport_, clock, [this] { return MayWrite(); }),
      sink_(clock, [this] { return MayWrite(); }) {
  if (lease_.empty()) {
    replicas_ = std::make_unique<publish::OneReplica>(publish::ReplicaName{self.pod, self.node});
  } else {
    elector_ = std::make_unique<publish::LeaderElector>(
        transport_, clock,
        publish::LeaderOptions{{self.ns, lease_}, publish::NewLeaderIdentity(self.pod)}, Random);
    replicas_ = std::make_unique<publish::LeaseReplicas>(
        transport_, clock,
        publish::ReplicaIdentity{self.ns, self.pod, self.uid, self.node,
                                 options.compile.class_name},
        Random);
  }
  events_ = std::make_unique<publish::EventWriter>(transport_, clock, self.pod,
                                                   [this] { return MayWrite(); });
  sink_.Add(statuses_);
  sink_.Add(*events_);
  if (const auto& service = options.compile.published_service)
    ports_ = std::make_unique<publish::PortWriter>(transport_, clock, *service,
                                                   [this] { return MayWrite(); });
}

Result<std::unique_ptr<Mode>> ClusterMode::Open(const ControllerOptions& options,
                                                const Clock& clock,
                                                const kube::Environment& environment) {
  auto access = kube::FindClusterAccess(options.kubeconfig, options.context,
                                        kube::kServiceAccountDirectory, environment);
  if (!access) return access.error();
  spdlog::info("Using API server host={} port={} credentials={}", access->server.host,
               access->server.port, access->name);
  const Self self{Or(environment("POD_NAME"), HostName()),
                  Or(environment("POD_NAMESPACE"), access->ns), environment("POD_UID"),
                  environment("NODE_NAME")};
  return std::unique_ptr<Mode>(new ClusterMode(std::move(*access), self, options, clock));
}

Result<> ClusterMode::Start(source::Sink& sink, std::function<void()> wake) {
  source_ = std::make_unique<source::KubernetesSource>(transport_, clock_, sink, namespaces_,
                                                       Random, nullptr);
  if (elsewhere_) source_->AlsoWatch(*elsewhere_);
  source_->Start();
  replicas_->Start(wake);
  if (elector_)
    elector_->Start([this, wake = std::move(wake)] {
      LeadershipChanged();
      wake();
    });
  return Ok();
}

void ClusterMode::LeadershipChanged() {
  if (!elector_->MayWrite()) return events_->Forget();
  events_->Tell({{"coordination.k8s.io/v1", "Lease", ns_, lease_, "", ""},
                 false,
                 "LeaderElection",
                 "Lead",
                 pod_ + " became leader",
                 MicroTimestampNow()});
}

std::optional<ClientNumbers> ClusterMode::client() const {
  return ClientNumbers{transport_.numbers(), statuses_.written(), statuses_.failed(),
                       statuses_.conflicted(), events_->numbers()};
}

std::vector<source::WatchReport> ClusterMode::Watches() const { return source_->Reports(); }

std::optional<publish::PortNumbers> ClusterMode::port_numbers() const {
  if (!ports_) return {};
  return ports_->numbers();
}

std::optional<Leadership> ClusterMode::leadership() const {
  if (!elector_) return {};
  return Leadership{lease_, elector_->MayWrite()};
}

}  // namespace stevedore
