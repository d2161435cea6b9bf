// ClusterMode: objects of an API server in, statuses written back to it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/controller_options.h"
#include "controller/kube/credentials.h"
#include "controller/kube/metered_transport.h"
#include "controller/kube/rest_transport.h"
#include "controller/mode.h"
#include "controller/publish/cluster_sink.h"
#include "controller/publish/event_writer.h"
#include "controller/publish/leader_elector.h"
#include "controller/publish/lease_replicas.h"
#include "controller/publish/port_writer.h"
#include "controller/publish/status_writer.h"
#include "proxy/base/clock.h"

namespace stevedore {

class ClusterMode final : public Mode {
 public:
  // Finds the API server and the credentials; speaks to nobody yet. `environment` gives $POD_NAME,
  // $POD_NAMESPACE, $POD_UID and $NODE_NAME too. The clock outlives the mode. Errors: no usable
  // credentials.
  static Result<std::unique_ptr<Mode>> Open(const ControllerOptions& options, const Clock& clock,
                                            const kube::Environment& environment);
  // Events end before the Lease is given up; the sync loop has ended before.
  ~ClusterMode() override { events_->Stop(); }

  std::string controller_name() const override { return name_; }
  publish::StatusSink& statuses() override { return sink_; }
  publish::Replicas& replicas() override { return *replicas_; }
  publish::PortPublisher* ports() override { return ports_.get(); }
  Result<> Start(source::Sink& sink, std::function<void()> wake) override;
  // The Lease is kept: statuses may still be written.
  void Stop() override { source_.reset(); }
  std::vector<source::WatchReport> Watches() const override;
  std::optional<ClientNumbers> client() const override;
  std::optional<Leadership> leadership() const override;
  std::optional<publish::PortNumbers> port_numbers() const override;

 private:
  // This replica, as the Downward API tells it.
  struct Self {
    std::string pod;  // outside of pods, the host's name
    std::string ns;
    std::string uid;   // may be empty
    std::string node;  // likewise
  };
  ClusterMode(kube::ClusterAccess access, const Self& self, const ControllerOptions& options,
              const Clock& clock);
  // This replica became the leader, or is it no longer.
  void LeadershipChanged();
  bool MayWrite() const { return !elector_ || elector_->MayWrite(); }

  const std::string name_;
  const std::string ns_;
  const std::string pod_;
  const std::vector<std::string> namespaces_;
  const std::optional<kube::Key> elsewhere_;  // the published Service, when it is in none of these
  const Clock& clock_;
  const std::string lease_;  // name of the leader's; empty without leader election
  kube::Credentials credentials_;
  kube::RestTransport rest_;
  kube::MeteredTransport transport_;
  std::unique_ptr<publish::EventWriter> events_;  // outlives the elector, which tells it of changes
  std::unique_ptr<publish::LeaderElector> elector_;  // null without leader election
  std::unique_ptr<publish::Replicas> replicas_;
  publish::StatusWriter statuses_;
  publish::ClusterSink sink_;
  std::unique_ptr<publish::PortWriter> ports_;  // null without --publish-service
  std::unique_ptr<source::KubernetesSource> source_;
};

}  // namespace stevedore
