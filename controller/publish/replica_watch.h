// ReplicaWatch: who of the other replicas lives, and what their reports say.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/kube/list_watch.h"
#include "controller/publish/replicas.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// A replica lives while its Lease changes, as seen on our monotonic clock; clocks of others are not
// read. That clock stands still while we hear nothing at all (our own renewals come back on the
// watch too): when it is we who are cut off, nobody dies of it.
// Thread: internally synchronised. Lifetime: the clock outlives it.
class ReplicaWatch final : public kube::ReflectorHandler {
 public:
  // A list that takes longer is told as missing.
  static constexpr std::chrono::seconds kSettling{10};

  // `own` is the name of our own Lease. `changed` is called when a replica's report is new, on the
  // watch's thread.
  ReplicaWatch(const Clock& clock, std::string own, std::function<void()> changed);

  // Never null; another pointer means news.
  std::shared_ptr<const OtherReplicas> Others();

  void Replace(std::vector<kube::RawObject> objects) override;
  void Apply(kube::RawObject object) override;
  void Delete(const kube::Key& key) override;
  void StateChanged(const kube::ReflectorState& state) override;

 private:
  struct Seen {
    std::string version;  // of the Lease
    Nanos changed_at{0};  // on the clock of Heard()
    api::ReplicaReport report;
    bool alive = false;  // as told by Others() last
  };
  // All REQUIRE: mutex_ held.
  void Hear();
  Nanos Heard() const;
  bool Take(const kube::RawObject& object);
  bool Forget(const std::string& name);

  const Clock& clock_;
  const std::string own_;
  const std::function<void()> changed_;
  const Nanos started_at_;
  std::mutex mutex_;
  std::map<std::string, Seen> seen_;  // by the Lease's name
  kube::ReflectorState state_;
  Nanos heard_{0};     // how long we have been listening
  Nanos heard_at_{0};  // when we heard something last
  bool news_ = true;
  std::shared_ptr<const OtherReplicas> latest_;
};

}  // namespace stevedore::publish
