#include "controller/source/kubernetes.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

#include "proxy/base/backoff.h"
#include "proxy/base/log.h"

namespace stevedore::source {
namespace {

struct ResourceKind {
  const char* group;  // path of group and version
  const char* resource;
  const char* label_selector;
};

ResourceKind Describe(Kind kind) {
  switch (kind) {
    case Kind::kRoute:
      return {"/apis/stevedore.io/v1alpha1", "stevedoreroutes", ""};
    case Kind::kService:
      return {"/api/v1", "services", ""};
    case Kind::kEndpointSlice:
      return {"/apis/discovery.k8s.io/v1", "endpointslices", "kubernetes.io/service-name"};
    case Kind::kEndpoints:
      return {"/api/v1", "endpoints", ""};
  }
  return {"", "", ""};
}

kube::Resource ToResource(Kind kind, const std::string& scope, const std::string& name) {
  const ResourceKind described = Describe(kind);
  std::string path = described.group;
  if (!scope.empty()) path += "/namespaces/" + scope;
  return {described.resource, path + "/" + described.resource, described.label_selector,
          name.empty() ? "" : "metadata.name=" + name};
}

Object ToObject(kube::RawObject raw) { return {std::move(raw.key), std::move(raw.json), ""}; }

// An answer that says whether the group is there. A refusal other than 404 is no "no".
bool Decides(int status) {
  return status == 200 || (status >= 400 && status < 500 && status != 401 && status != 429);
}

}  // namespace

// One reflector and its way into the sink.
class KubernetesSource::Watch final : public kube::ReflectorHandler {
 public:
  // `name`: the one object to watch; empty: all of them.
  Watch(KubernetesSource& source, Kind kind, const std::string& scope, const std::string& name = "")
      : source_(source),
        kind_(kind),
        scope_(scope),
        optional_(!name.empty()),
        reflector_(ToResource(kind, scope, name), source.transport_, source.clock_, source.random_,
                   *this) {}

  void Start() { reflector_.Start(); }
  void Stop() { reflector_.Stop(); }

  bool synced() const { return optional_ || Report().state.synced; }
  WatchReport Report() const {
    const std::lock_guard lock(mutex_);
    return {kind_, Describe(kind_).resource, scope_, state_, reflector_.counters()};
  }

  void Replace(std::vector<kube::RawObject> objects) override {
    std::vector<Object> all;
    all.reserve(objects.size());
    for (kube::RawObject& raw : objects) all.push_back(ToObject(std::move(raw)));
    source_.sink_.Replace(kind_, scope_, std::move(all));
  }
  void Apply(kube::RawObject object) override {
    source_.sink_.Apply(kind_, ToObject(std::move(object)));
  }
  void Delete(const kube::Key& key) override { source_.sink_.Delete(kind_, key); }
  void StateChanged(const kube::ReflectorState& state) override;

 private:
  KubernetesSource& source_;
  const Kind kind_;
  const std::string scope_;
  const bool optional_;  // others need not wait for it
  mutable std::mutex mutex_;
  kube::ReflectorState state_;
  kube::Reflector reflector_;
};

void KubernetesSource::Watch::StateChanged(const kube::ReflectorState& state) {
  kube::ReflectorState former;
  {
    const std::lock_guard lock(mutex_);
    former = std::exchange(state_, state);
  }
  const char* const resource = Describe(kind_).resource;
  // One refusal may be worded in several ways: it is told once.
  const bool told = state.status != 0 && state.status == former.status;
  if (state.status == 404 && !told && kind_ == Kind::kRoute) {
    spdlog::warn(
        "The API server has no StevedoreRoutes, will retry: is the CRD installed? "
        "namespace={} error=\"{}\"",
        scope_, state.error);
  } else if (!state.error.empty() && !told) {
    spdlog::warn("Watch failed, will retry resource={} namespace={} error=\"{}\"", resource, scope_,
                 state.error);
  } else if (state.error.empty() && !former.synced) {
    spdlog::info("Watch is in step resource={} namespace={}", resource, scope_);
  } else if (state.error.empty()) {
    spdlog::info("Watch works again resource={} namespace={}", resource, scope_);
  }
  // It was never there, so nothing is lost by saying that it is not.
  if (optional_ && !state.synced && state.status == 403) source_.sink_.Replace(kind_, scope_, {});
  if (source_.changed_) source_.changed_();
}

KubernetesSource::KubernetesSource(kube::Transport& transport, const Clock& clock, Sink& sink,
                                   std::vector<std::string> namespaces,
                                   std::function<double()> random, std::function<void()> changed)
    : transport_(transport),
      clock_(clock),
      sink_(sink),
      scopes_(namespaces.empty() ? std::vector<std::string>{""} : std::move(namespaces)),
      random_(std::move(random)),
      changed_(std::move(changed)) {}

KubernetesSource::~KubernetesSource() { Stop(); }

void KubernetesSource::Start() {
  Add(Kind::kRoute);
  Add(Kind::kService);
  if (further_) Add(std::make_unique<Watch>(*this, Kind::kService, further_->ns, further_->name));
  discovery_ = std::jthread([this](const std::stop_token& stop) { Discover(stop); });
}

void KubernetesSource::Stop() {
  discovery_.request_stop();
  if (discovery_.joinable()) discovery_.join();
  // No lock: watches are added by Start and by the thread that has just ended.
  for (const auto& watch : watches_) watch->Stop();
}

void KubernetesSource::Add(Kind kind) {
  for (const std::string& scope : scopes_) {
    Add(std::make_unique<Watch>(*this, kind, scope));
  }
}

void KubernetesSource::Add(std::unique_ptr<Watch> watch) {
  watch->Start();
  const std::lock_guard lock(mutex_);
  watches_.push_back(std::move(watch));
}

void KubernetesSource::Discover(const std::stop_token& stop) {
  Backoff backoff(std::chrono::milliseconds(800), std::chrono::seconds(10));
  std::mutex mutex;
  std::condition_variable_any never;
  kube::Request request{.path = Describe(Kind::kEndpointSlice).group, .stop = stop};
  while (!stop.stop_requested()) {
    const Result<kube::Response> response = transport_.Do(request);
    if (response && Decides(response->status)) {
      if (response->status == 404) spdlog::info("Watching Endpoints: no discovery.k8s.io/v1");
      Add(response->status == 404 ? Kind::kEndpoints : Kind::kEndpointSlice);
      {
        const std::lock_guard lock(mutex_);
        complete_ = true;
      }
      if (changed_) changed_();
      return;
    }
    if (stop.stop_requested()) return;
    spdlog::warn("API discovery failed, will retry error=\"{}\"",
                 response ? "HTTP " + std::to_string(response->status) : response.error().detail);
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, backoff.Next(random_()), [] { return false; });
  }
}

bool KubernetesSource::Synced() const {
  const std::lock_guard lock(mutex_);
  return complete_ && std::all_of(watches_.begin(), watches_.end(),
                                  [](const auto& watch) { return watch->synced(); });
}

std::vector<WatchReport> KubernetesSource::Reports() const {
  const std::lock_guard lock(mutex_);
  std::vector<WatchReport> reports;
  reports.reserve(watches_.size());
  for (const auto& watch : watches_) reports.push_back(watch->Report());
  return reports;
}

}  // namespace stevedore::source
