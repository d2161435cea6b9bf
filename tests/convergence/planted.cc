#include "tests/convergence/planted.h"

#include <utility>

namespace stevedore::convergence {

std::optional<Plant> ParsePlant(const std::string& name) {
  if (name.empty()) return Plant::kNone;
  if (name == "lost-delete") return Plant::kLostDelete;
  if (name == "lost-change") return Plant::kLostChange;
  if (name == "kept-objects") return Plant::kKeptObjects;
  return std::nullopt;
}

void PlantedSink::Replace(source::Kind kind, const std::string& scope,
                          std::vector<source::Object> objects) {
  if (plant_ != Plant::kKeptObjects || lists_++ < 10)
    return next_.Replace(kind, scope, std::move(objects));
  for (source::Object& object : objects) next_.Apply(kind, std::move(object));
}

void PlantedSink::Apply(source::Kind kind, source::Object object) {
  if (plant_ == Plant::kLostChange && ++applies_ % 50 == 0) return;
  next_.Apply(kind, std::move(object));
}

void PlantedSink::Delete(source::Kind kind, const kube::Key& key) {
  if (plant_ == Plant::kLostDelete && ++deletes_ % 20 == 0) return;
  next_.Delete(kind, key);
}

}  // namespace stevedore::convergence
