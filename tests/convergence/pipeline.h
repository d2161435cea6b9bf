// Pipeline: what the controller makes of an API server, from the watches to the config's text.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/compile/compiler.h"
#include "controller/kube/transport.h"
#include "controller/source/kubernetes.h"
#include "controller/store/store.h"
#include "proxy/base/clock.h"
#include "tests/convergence/planted.h"

namespace stevedore::convergence {

// All that may not depend on how a picture was come by.
struct Outcome {
  std::string config;     // as it would be written
  std::string inventory;  // each object of the universe with its version
  std::vector<compile::RouteReport> reports;
  bool operator==(const Outcome&) const = default;
};

// What differs first, for people; empty when nothing does.
std::string Difference(const Outcome& got, const Outcome& expected);

// Thread: one owner. Lifetime: transport and clock outlive it.
class Pipeline {
 public:
  // `watched`: the namespaces to watch, none for all.
  Pipeline(kube::Transport& transport, const Clock& clock, const std::vector<std::string>& watched,
           Plant plant);

  // False when the first lists are not complete in time.
  bool WaitForSync(std::chrono::milliseconds timeout);
  // Waits for a change after the last Look().
  void WaitForChange(std::chrono::milliseconds timeout);
  // Compiles the picture now. `own`: the namespaces of the universe.
  Outcome Look(const compile::CompileOptions& options, const std::vector<std::string>& own);

 private:
  store::Store store_;
  PlantedSink planted_;
  std::uint64_t seen_ = 0;
  source::KubernetesSource source_;
};

}  // namespace stevedore::convergence
