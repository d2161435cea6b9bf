#include "controller/publish/crd_installer.h"

#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

std::string Number(const std::optional<std::int64_t>& schema) {
  return schema ? std::to_string(*schema) : "none";
}

Result<> Served(const api::Crd& crd) {
  if (crd.established) return Ok();
  const std::string why = crd.obstacle.empty() ? " yet" : ": " + crd.obstacle;
  return Error{Errc::kUnavailable, "the CRD " + crd.meta.name + " is not served" + why};
}

}  // namespace

Result<> CrdInstaller::Step() {
  const auto live = client_.Get(ours_.meta.name);
  if (!live) return live.error();
  if (!*live) return Write(nullptr);
  if ((*live)->meta.deleting)
    return Error{Errc::kUnavailable, "the CRD " + ours_.meta.name + " is still being deleted"};
  const auto settled = Settle(**live);
  return settled ? Served(**live) : settled;
}

Result<> CrdInstaller::Settle(const api::Crd& live) {
  const State state{live.meta.uid, live.meta.generation};
  const bool newer = api::IsNewer(live, ours_);
  if (settled_ == state && (newer || live.schema == ours_.schema)) return Ok();
  if (!newer) {
    if (auto ours = api::CheckOurs(live, ours_); !ours) return ours;
    if (live.schema != ours_.schema) return Write(&live);
    // The server knows best what a write would change: it counts changes of the spec.
    const auto would = client_.Put(ours_.meta.name, json_, &live, CrdClient::Apply::kDryRun);
    if (!would) return would.error();
    if (would->meta.generation != live.meta.generation) return Write(&live);
  }
  spdlog::info("Left the CRD alone, since it is {} name={} schema={} ours={}",
               newer ? "newer" : "the same", live.meta.name, Number(live.schema),
               Number(ours_.schema));
  settled_ = state;
  return Ok();
}

Result<> CrdInstaller::Write(const api::Crd* live) {
  const auto written = client_.Put(ours_.meta.name, json_, live, CrdClient::Apply::kForReal);
  if (!written) return written.error();
  if (live == nullptr)
    spdlog::info("Installed the CRD name={} schema={}", ours_.meta.name, Number(ours_.schema));
  else if (live->schema == ours_.schema)
    spdlog::info("Restored the CRD, which somebody had changed name={} schema={}", ours_.meta.name,
                 Number(ours_.schema));
  else
    spdlog::info("Raised the CRD name={} schema={} from={}", ours_.meta.name, Number(ours_.schema),
                 Number(live->schema));
  settled_ = State{written->meta.uid, written->meta.generation};
  return Served(*written);
}

}  // namespace stevedore::publish
