#include "controller/publish/lease_replicas.h"

#include <string>
#include <utility>

#include "controller/publish/lease_client.h"

namespace stevedore::publish {

LeaseReplicas::LeaseReplicas(kube::Transport& transport, const Clock& clock,
                             const ReplicaIdentity& who, std::function<double()> random)
    : self_{who.pod, who.node},
      lease_(transport, clock, who),
      watch_(clock, who.LeaseName(), [this] { changed_(); }),
      reflector_({"leases", LeasesPath(who.ns), std::string(kReplicaLabel) + "=" + who.class_name},
                 transport, clock, std::move(random), watch_) {}

void LeaseReplicas::Start(std::function<void()> changed) {
  changed_ = std::move(changed);
  lease_.Start();
  reflector_.Start();
}

void LeaseReplicas::Stop() {
  reflector_.Stop();
  lease_.Stop();
}

void LeaseReplicas::Tell(const api::ReplicaReport& own) {
  joined_ = joined_ || own.proxy != api::ProxyState::kPending;
  if (joined_) lease_.Tell(own);
}

}  // namespace stevedore::publish
