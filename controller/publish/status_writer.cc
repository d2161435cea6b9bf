#include "controller/publish/status_writer.h"

#include <algorithm>
#include <set>

#include "controller/api/decode.h"
#include "controller/kube/object_json.h"
#include "controller/publish/route_statuses.h"
#include "proxy/base/log.h"

namespace stevedore::publish {
namespace {

constexpr std::chrono::seconds kSilence{2};
constexpr std::chrono::seconds kTimeout{5};
constexpr std::chrono::seconds kRoundTime{1};
// Counts of peers flap: a status in which nothing else is new waits so long for more of them.
constexpr std::chrono::seconds kCountsInterval{5};

bool OnlyCountsDiffer(const api::RouteStatus& a, const api::RouteStatus& b) {
  return a.observed_generation == b.observed_generation &&
         std::equal(a.conditions.begin(), a.conditions.end(), b.conditions.begin(),
                    b.conditions.end(), [](const api::Condition& x, const api::Condition& y) {
                      return x.type == y.type && x.status == y.status && x.reason == y.reason;
                    });
}

kube::Request ApplyRequest(const RouteUpdate& update) {
  kube::Request request;
  request.method = "PATCH";
  request.path = "/apis/stevedore.io/v1alpha1/namespaces/" + update.key.ns + "/stevedoreroutes/" +
                 update.key.name + "/status";
  request.query = {{"fieldManager", "stevedore-controller"}, {"force", "true"}};
  request.content_type = "application/apply-patch+yaml";
  request.body =
      api::EncodeWithStatus(update.key, update.uid, update.resource_version, update.status);
  request.timeout = kTimeout;
  return request;
}

// metadata.resourceVersion of an object; empty when it has none.
std::string VersionOf(const std::string& object) {
  const auto json = api::Json::Parse(object);
  const auto metadata = json ? json->member("metadata") : std::nullopt;
  const auto version = metadata ? metadata->member("resourceVersion") : std::nullopt;
  return version ? version->string().value_or("") : "";
}

}  // namespace

bool StatusWriter::Publish(const std::vector<RouteUpdate>& updates) {
  const Nanos began = clock_.Now();
  bool done = true;
  std::set<kube::Key> present;
  for (const RouteUpdate& update : updates) {
    present.insert(update.key);
    if (update.foreign || !Differs(update.former, update.status)) continue;
    Written& state = last_[update.key];
    if (state.uid != update.uid) state = Written();
    state.uid = update.uid;
    if (AwaitsWatch(state, update)) continue;
    const Nanos now = clock_.Now();
    const bool due = now >= std::max(silent_until_, DueAt(state, update));
    const bool may = due && now - began < kRoundTime && may_write_();
    done = may && Write(update, state) && done;
  }
  std::erase_if(last_, [&present](const auto& entry) { return !present.contains(entry.first); });
  return done;
}

bool StatusWriter::AwaitsWatch(const Written& state, const RouteUpdate& update) {
  if (!update.resource_version.empty() && update.resource_version == state.outdated_version)
    return true;
  return state.resource_version == update.resource_version && !Differs(state.status, update.status);
}

Nanos StatusWriter::DueAt(const Written& state, const RouteUpdate& update) {
  const bool flaps = state.written_at > Nanos(0) && OnlyCountsDiffer(update.former, update.status);
  return std::max(state.retry_at, flaps ? state.written_at + kCountsInterval : Nanos(0));
}

bool StatusWriter::Write(const RouteUpdate& update, Written& state) {
  const auto response = transport_.Do(ApplyRequest(update));
  // 404: the route is gone; 409: it is newer than what this was computed from. The watch tells
  // both.
  if (response && (response->status == 404 || response->status == 409)) {
    state.outdated_version = update.resource_version;
    ++conflicted_;
    return true;
  }
  if (!response || response->status < 200 || response->status >= 300)
    return Failed(update, state, response);
  ++written_;
  // The write made a new version of the object, unless it changed nothing: from the old one nothing
  // more can be applied.
  const std::string version = VersionOf(response->body);
  if (!version.empty() && version != update.resource_version)
    state.outdated_version = update.resource_version;
  state.resource_version = update.resource_version;
  state.status = update.status;
  state.written_at = clock_.Now();
  state.backoff.Reset();
  return true;
}

bool StatusWriter::Failed(const RouteUpdate& update, Written& state,
                          const Result<kube::Response>& response) {
  ++failed_;
  if (!response) {
    silent_until_ = clock_.Now() + kSilence;
  } else {
    const Nanos wait = state.backoff.Next(0);
    state.retry_at = clock_.Now() + (response->retry_after ? Nanos(*response->retry_after) : wait);
  }
  spdlog::warn("Could not write status route={} error=\"{}\"", update.key.ToString(),
               response ? kube::RefusalText(*response) : response.error().detail);
  return false;
}

}  // namespace stevedore::publish
