// Replicas: what the replicas of one class tell each other of their proxies.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/replica_report.h"
#include "controller/kube/object_meta.h"

namespace stevedore::publish {

struct ReplicaName {
  std::string pod;   // empty where there are no pods
  std::string node;  // empty: not known
};

// What is known of all replicas but our own.
struct OtherReplicas {
  std::vector<api::ReplicaReport> live;  // by pod
  bool settling = false;  // they are not known yet, and will be in a moment: better say nothing now
  std::string unknown;    // why they are not known; empty when they are
};

// Thread: one, the sync loop's; Start() before it runs.
class Replicas {
 public:
  virtual ~Replicas() = default;
  // Begins to speak and to listen. `changed` is called when another replica has something new to
  // say, on a thread of its own. REQUIRES: called once at the most.
  virtual void Start(std::function<void()> changed) = 0;
  virtual ReplicaName self() const = 0;
  // What is to be told of our own proxy from now on. Returns at once.
  virtual void Tell(const api::ReplicaReport& own) = 0;
  // Never null. Another pointer means news; time alone may bring some.
  virtual std::shared_ptr<const OtherReplicas> Others() = 0;
};

// There is one replica, this one.
class OneReplica final : public Replicas {
 public:
  explicit OneReplica(ReplicaName self) : self_(std::move(self)) {}
  void Start(std::function<void()>) override {}
  ReplicaName self() const override { return self_; }
  void Tell(const api::ReplicaReport&) override {}
  std::shared_ptr<const OtherReplicas> Others() override { return none_; }

 private:
  const ReplicaName self_;
  const std::shared_ptr<const OtherReplicas> none_ = std::make_shared<const OtherReplicas>();
};

// What one replica's proxy means for the routes as they are now.
struct ReplicaAnswer {
  api::ReplicaReport report;
  std::set<kube::Key> held;  // routes that the config which it runs holds, as they are now
};

// Of all live replicas, our own first.
struct ReplicaAnswers {
  std::vector<ReplicaAnswer> replicas;
  std::string unknown;  // as OtherReplicas::unknown
};

}  // namespace stevedore::publish
