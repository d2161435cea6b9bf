#include "controller/publish/crd_remover.h"

#include "proxy/base/log.h"

namespace stevedore::publish {

Result<> CrdRemover::Step() {
  const std::string& name = ours_.meta.name;
  const auto live = client_.Get(name);
  if (!live) return live.error();
  if (!*live) {
    spdlog::info("{} name={}", deleted_ ? "Deleted the CRD" : "There is no CRD to delete", name);
    return Ok();
  }
  if (!(*live)->meta.deleting) {
    if (api::IsNewer(**live, ours_)) {
      spdlog::info("Left the CRD alone, since it is newer name={} schema={} ours={}", name,
                   *(*live)->schema, ours_.schema.value_or(0));
      return Ok();
    }
    if (const auto ours = api::CheckOurs(**live, ours_); !ours) {
      spdlog::warn("Left the CRD alone name={} error=\"{}\"", name, ours.error().detail);
      return Ok();
    }
    if (auto sent = client_.Delete(**live); !sent) return sent;
    spdlog::info("Deleting the CRD, and every object of it name={}", name);
    deleted_ = true;
  }
  return Error{Errc::kUnavailable, "the CRD " + name + " is still being deleted"};
}

}  // namespace stevedore::publish
