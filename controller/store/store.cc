#include "controller/store/store.h"

#include <algorithm>
#include <utility>

#include "controller/api/meta.h"

namespace stevedore::store {
namespace {

using source::Kind;
using source::Object;

bool SameContent(const api::StevedoreRoute& a, const api::StevedoreRoute& b) {
  return a.spec == b.spec && a.findings == b.findings;
}
bool SameContent(const api::Service& a, const api::Service& b) {
  return a.type == b.type && a.ports == b.ports && a.ip_families == b.ip_families &&
         a.cluster_ips == b.cluster_ips && a.external_ips == b.external_ips &&
         a.ingress_ips == b.ingress_ips && a.ingress_hostnames == b.ingress_hostnames &&
         a.findings == b.findings;
}
bool SameContent(const api::EndpointSlice& a, const api::EndpointSlice& b) {
  return a.service_name == b.service_name && a.address_type == b.address_type &&
         a.entries == b.entries && a.ports == b.ports && a.findings == b.findings;
}
bool SameContent(const api::Endpoints& a, const api::Endpoints& b) {
  return a.findings == b.findings &&
         std::equal(a.subsets.begin(), a.subsets.end(), b.subsets.begin(), b.subsets.end(),
                    [](const auto& x, const auto& y) { return SameContent(x, y); });
}

template <class T, class Decode>
Stored<T> DecodeOne(Object& object, Decode decode) {
  T decoded = decode(object.json);
  // The key of the source wins: it holds even where metadata could not be read.
  decoded.meta.ns = object.key.ns;
  decoded.meta.name = object.key.name;
  return {std::make_shared<const T>(std::move(decoded)), std::move(object.origin)};
}

template <class T, class Decode>
std::vector<std::pair<kube::Key, Stored<T>>> DecodeAll(std::vector<Object>& objects,
                                                       Decode decode) {
  std::vector<std::pair<kube::Key, Stored<T>>> decoded;
  decoded.reserve(objects.size());
  for (Object& object : objects) decoded.emplace_back(object.key, DecodeOne<T>(object, decode));
  return decoded;
}

}  // namespace

Store::Store(std::vector<std::string> scopes, std::vector<Scope> further, const Clock* clock)
    : scopes_(std::move(scopes)), further_(std::move(further)), clock_(clock) {}

template <class T>
Store::News Store::Compare(const Stored<T>& former, const Stored<T>& latter) {
  const kube::ObjectMeta& before = former.object->meta;
  const kube::ObjectMeta& after = latter.object->meta;
  if (former.origin != latter.origin || !api::SameButVersion(before, after) ||
      !SameContent(*former.object, *latter.object))
    return News::kContent;
  return api::SameMeta(before, after) ? News::kNone : News::kVersion;
}

template <class T>
Store::News Store::Put(Objects<T>& into, const kube::Key& key, Stored<T> stored) {
  const auto [entry, is_new] = into.try_emplace(key, stored);
  if (is_new) return News::kContent;
  const News news = Compare(entry->second, stored);
  if (news != News::kNone) entry->second = std::move(stored);
  return news;
}

template <class T>
void Store::ReplaceAll(Objects<T>& into, const std::string& scope,
                       std::vector<std::pair<kube::Key, Stored<T>>> decoded) {
  std::set<kube::Key> keep;
  News news = News::kNone;
  for (auto& [key, stored] : decoded) {
    keep.insert(key);
    news = std::max(news, Put(into, key, std::move(stored)));
  }
  const auto erased = std::erase_if(into, [&](const auto& entry) {
    return (scope.empty() || entry.first.ns == scope) && !keep.contains(entry.first);
  });
  Changed(erased > 0 ? News::kContent : news);
}

void Store::Replace(Kind kind, const std::string& scope, std::vector<Object> objects) {
  const auto replace = [&](auto& into, auto decoded) {
    const std::lock_guard lock(mutex_);
    ReplaceAll(into, scope, std::move(decoded));
    const bool synced_before = IsSynced();
    listed_.insert({kind, scope});
    if (IsSynced() != synced_before) Changed(News::kContent);
  };
  switch (kind) {
    case Kind::kRoute:
      return replace(current_.routes, DecodeAll<api::StevedoreRoute>(objects, api::DecodeRoute));
    case Kind::kService:
      return replace(current_.services, DecodeAll<api::Service>(objects, api::DecodeService));
    case Kind::kEndpointSlice:
      return replace(current_.slices,
                     DecodeAll<api::EndpointSlice>(objects, api::DecodeEndpointSlice));
    case Kind::kEndpoints:
      return replace(current_.endpoints, DecodeAll<api::Endpoints>(objects, api::DecodeEndpoints));
  }
}

void Store::Apply(Kind kind, Object object) {
  const kube::Key key = object.key;
  const auto put = [&](auto& into, auto stored) {
    const std::lock_guard lock(mutex_);
    Changed(Put(into, key, std::move(stored)));
  };
  switch (kind) {
    case Kind::kRoute:
      return put(current_.routes, DecodeOne<api::StevedoreRoute>(object, api::DecodeRoute));
    case Kind::kService:
      return put(current_.services, DecodeOne<api::Service>(object, api::DecodeService));
    case Kind::kEndpointSlice:
      return put(current_.slices, DecodeOne<api::EndpointSlice>(object, api::DecodeEndpointSlice));
    case Kind::kEndpoints:
      return put(current_.endpoints, DecodeOne<api::Endpoints>(object, api::DecodeEndpoints));
  }
}

void Store::Delete(Kind kind, const kube::Key& key) {
  const std::lock_guard lock(mutex_);
  std::size_t erased = 0;
  switch (kind) {
    case Kind::kRoute:
      erased = current_.routes.erase(key);
      break;
    case Kind::kService:
      erased = current_.services.erase(key);
      break;
    case Kind::kEndpointSlice:
      erased = current_.slices.erase(key);
      break;
    case Kind::kEndpoints:
      erased = current_.endpoints.erase(key);
      break;
  }
  Changed(erased > 0 ? News::kContent : News::kNone);
}

bool Store::Synced() const {
  const std::lock_guard lock(mutex_);
  return IsSynced();
}

bool Store::IsSynced() const {
  const bool all_further = std::all_of(further_.begin(), further_.end(),
                                       [&](const Scope& scope) { return listed_.contains(scope); });
  return all_further && std::all_of(scopes_.begin(), scopes_.end(), [&](const std::string& scope) {
           const auto listed = [&](Kind kind) { return listed_.contains({kind, scope}); };
           return listed(Kind::kRoute) && listed(Kind::kService) &&
                  (listed(Kind::kEndpointSlice) || listed(Kind::kEndpoints));
         });
}

void Store::Changed(News news) {
  if (news == News::kNone) return;
  ++current_.generation;
  view_.reset();
  if (news == News::kContent) {
    current_.content = current_.generation;
    if (clock_ != nullptr && !news_since_) news_since_ = clock_->Now();
  }
  changed_.notify_all();
}

std::uint64_t Store::generation() const {
  const std::lock_guard lock(mutex_);
  return current_.generation;
}

std::uint64_t Store::WaitForChange(std::uint64_t seen, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return woken_ || current_.generation > seen; });
  woken_ = false;
  return current_.generation;
}

void Store::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

std::shared_ptr<const ClusterView> Store::View() const {
  const std::lock_guard lock(mutex_);
  if (view_) return view_;
  auto view = std::make_shared<ClusterView>(current_);
  for (const auto& [key, stored] : view->slices)
    if (!stored.object->service_name.empty())
      view->slices_of[{key.ns, stored.object->service_name}].push_back(stored.object);
  view_ = std::move(view);
  return view_;
}

std::optional<Nanos> Store::TakeNewsTime() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_since_, std::nullopt);
}

bool Store::NewsWaiting() const {
  const std::lock_guard lock(mutex_);
  return news_since_.has_value();
}

std::map<Kind, std::size_t> Store::Counts() const {
  const std::lock_guard lock(mutex_);
  return {{Kind::kRoute, current_.routes.size()},
          {Kind::kService, current_.services.size()},
          {Kind::kEndpointSlice, current_.slices.size()},
          {Kind::kEndpoints, current_.endpoints.size()}};
}

}  // namespace stevedore::store
