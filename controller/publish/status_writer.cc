#include "controller/publish/status_writer.h"

#include <set>

#include "controller/publish/route_statuses.h"
#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

constexpr std::chrono::seconds kRetryAfter{2};

}  // namespace

bool StatusWriter::Publish(const std::vector<RouteUpdate>& updates) {
  bool done = true;
  std::set<kube::Key> present;
  for (const RouteUpdate& update : updates) {
    present.insert(update.key);
    if (!Differs(update.former, update.status)) continue;
    Written& state = last_[update.key];
    const bool same_object = state.uid == update.uid;
    // Already written from this very state; the watch has not shown it yet.
    if (same_object && state.resource_version == update.resource_version &&
        !Differs(state.status, update.status))
      continue;
    if (same_object && clock_.Now() < state.retry_at) {
      done = false;
      continue;
    }
    done = Write(update, state) && done;
  }
  std::erase_if(last_, [&present](const auto& entry) { return !present.contains(entry.first); });
  return done;
}

bool StatusWriter::Write(const RouteUpdate& update, Written& state) {
  kube::Request request;
  request.method = "PATCH";
  request.path = "/apis/stevedore.io/v1alpha1/namespaces/" + update.key.ns + "/stevedoreroutes/" +
                 update.key.name + "/status";
  request.query = {{"fieldManager", "stevedore-controller"}, {"force", "true"}};
  request.content_type = "application/apply-patch+yaml";
  request.body =
      api::EncodeWithStatus(update.key, update.uid, update.resource_version, update.status);
  state.uid = update.uid;
  const auto response = transport_.Do(request);
  // 404: the route is gone; 409: it is newer than what this was computed from. The watch tells
  // both.
  if (response && (response->status == 404 || response->status == 409)) return true;
  if (response && response->status >= 200 && response->status < 300) {
    ++written_;
    state.resource_version = update.resource_version;
    state.status = update.status;
    return true;
  }
  ++failed_;
  const auto wait = response ? response->retry_after.value_or(kRetryAfter) : kRetryAfter;
  state.retry_at = clock_.Now() + wait;
  spdlog::warn("Could not write status route={} error=\"{}\"", update.key.ToString(),
               response ? "HTTP " + std::to_string(response->status) + ": " + response->body
                        : response.error().detail);
  return false;
}

}  // namespace stevedore::publish
