#include "controller/publish/route_set.h"

#include <utility>

#include "proxy/config/digest.h"

namespace stevedore::publish {

namespace {

std::string DigestOf(const Routes& routes) {
  std::string text;
  for (const auto& [key, route] : routes)
    text += key.ToString() + " " + route->meta.uid + " " + std::to_string(route->meta.generation) +
            "\n";
  return config::TextDigest(text);
}

}  // namespace

std::shared_ptr<const RouteSet> MakeRouteSet(Routes routes, const Routes& refused) {
  RouteSet set;
  set.digest = DigestOf(routes);
  Routes all = refused;
  all.insert(routes.begin(), routes.end());
  set.picture = DigestOf(all);
  for (const auto& [key, route] : refused) set.refused.push_back(key.ToString());
  set.routes = std::move(routes);
  return std::make_shared<const RouteSet>(std::move(set));
}

std::set<kube::Key> HeldIn(const RouteSet& running, const RouteSet& now) {
  std::set<kube::Key> held;
  for (const auto& [key, route] : now.routes) {
    const auto found = running.routes.find(key);
    if (found != running.routes.end() &&
        (found->second == route || found->second->spec == route->spec))
      held.insert(held.end(), key);
  }
  return held;
}

}  // namespace stevedore::publish
