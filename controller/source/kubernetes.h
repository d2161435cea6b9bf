// KubernetesSource: keeps a Sink in step with an API server: routes, Services and EndpointSlices
// (Endpoints where the cluster has no slices).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "controller/kube/reflector.h"
#include "controller/kube/transport.h"
#include "controller/source/sink.h"
#include "proxy/base/clock.h"

namespace stevedore::source {

// One watched resource, for readiness and metrics.
struct WatchReport {
  Kind kind = Kind::kRoute;
  std::string resource;  // "stevedoreroutes"
  std::string scope;     // its namespace, "" for all
  kube::ReflectorState state;
  kube::ReflectorCounters counters;
};

// Thread: Start and Stop on one owner; Synced and Reports on any. The sink is called on one thread
// per (kind, scope). Lifetime: transport, clock and sink outlive it.
class KubernetesSource {
 public:
  // `namespaces` to watch; none means all. `random` gives numbers in [0,1), from any thread.
  // `changed` is called after each change of a watch's state, on the watch's thread; may be empty.
  KubernetesSource(kube::Transport& transport, const Clock& clock, Sink& sink,
                   std::vector<std::string> namespaces, std::function<double()> random,
                   std::function<void()> changed);
  ~KubernetesSource();
  KubernetesSource(const KubernetesSource&) = delete;
  KubernetesSource& operator=(const KubernetesSource&) = delete;

  // One Service more, in a namespace of its own: nothing else is read there. The rest works without
  // it: when it may not be read, it counts as one that does not exist. REQUIRES: before Start().
  void AlsoWatch(const kube::Key& service) { further_ = service; }

  // Returns at once; retries for ever. REQUIRES: called once.
  void Start();
  // Ends all watches and waits for their threads. May be called again.
  void Stop();

  // True once every resource has delivered a complete list: before, the sink's picture has holes.
  bool Synced() const;
  std::vector<WatchReport> Reports() const;

 private:
  class Watch;

  void Add(Kind kind);
  void Add(std::unique_ptr<Watch> watch);
  // Asks which of EndpointSlices and Endpoints the cluster serves until it answers, then adds that.
  void Discover(const std::stop_token& stop);

  kube::Transport& transport_;
  const Clock& clock_;
  Sink& sink_;
  const std::vector<std::string> scopes_;
  std::optional<kube::Key> further_;
  const std::function<double()> random_;
  const std::function<void()> changed_;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Watch>> watches_;
  bool complete_ = false;  // all watches were added
  std::jthread discovery_;
};

}  // namespace stevedore::source
