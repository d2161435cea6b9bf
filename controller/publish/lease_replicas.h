// LeaseReplicas: replicas that tell each other by Leases.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "controller/kube/reflector.h"
#include "controller/publish/replica_lease.h"
#include "controller/publish/replica_watch.h"
#include "controller/publish/replicas.h"

namespace stevedore::publish {

// Thread: as Replicas; Start() and Stop() on one owner's. Lifetime: transport and clock outlive it.
class LeaseReplicas final : public Replicas {
 public:
  // `random` gives numbers in [0,1).
  LeaseReplicas(kube::Transport& transport, const Clock& clock, const ReplicaIdentity& who,
                std::function<double()> random);
  ~LeaseReplicas() override { Stop(); }

  void Start(std::function<void()> changed) override;
  // Deletes our own Lease. May be called again, and without Start().
  void Stop();

  ReplicaName self() const override { return self_; }
  // Begins once there is something definite to tell: a proxy that is about to run its first config
  // joins when it does, so that a new pod unsettles nothing.
  void Tell(const api::ReplicaReport& own) override;
  std::shared_ptr<const OtherReplicas> Others() override { return watch_.Others(); }

 private:
  const ReplicaName self_;
  std::function<void()> changed_;
  bool joined_ = false;
  ReplicaLease lease_;
  ReplicaWatch watch_;
  kube::Reflector reflector_;
};

}  // namespace stevedore::publish
