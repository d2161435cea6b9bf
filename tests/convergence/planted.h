// Planted bugs: a Sink that hands on what it gets, but for one mistake. They show that the
// comparison can fail.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "controller/source/sink.h"

namespace stevedore::convergence {

enum class Plant {
  kNone,
  kLostDelete,   // a DELETED event in 20 does nothing
  kLostChange,   // an event in 50 does nothing
  kKeptObjects,  // a list adds and changes, and removes nothing
};

// Nothing for an unknown name.
std::optional<Plant> ParsePlant(const std::string& name);

// Thread: as Sink. Lifetime: `next` outlives it.
class PlantedSink final : public source::Sink {
 public:
  PlantedSink(source::Sink& next, Plant plant) : next_(next), plant_(plant) {}

  void Replace(source::Kind kind, const std::string& scope,
               std::vector<source::Object> objects) override;
  void Apply(source::Kind kind, source::Object object) override;
  void Delete(source::Kind kind, const kube::Key& key) override;

 private:
  source::Sink& next_;
  const Plant plant_;
  std::atomic<int> deletes_{0};
  std::atomic<int> applies_{0};
  std::atomic<int> lists_{0};
};

}  // namespace stevedore::convergence
