#include "controller/compile/compiler.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "controller/compile/conflicts.h"
#include "controller/compile/peer_policy.h"
#include "controller/compile/peer_resolver.h"
#include "controller/compile/published_service.h"
#include "controller/compile/route_compiler.h"
#include "controller/compile/tunables.h"
#include "proxy/config/limits.h"

namespace stevedore::compile {
namespace {

// Port and address: what makes a listener.
using ListenerKey = std::pair<std::int64_t, std::string>;

std::string FirstFinding(const config::FieldErrors& errors) {
  std::string text = ToString(errors.front());
  if (errors.size() > 1) text += " (and " + std::to_string(errors.size() - 1) + " more)";
  return text;
}

// The front-end of StevedoreRoute: everything that the rest need not know of the kind.
Candidate Admit(const store::Stored<api::StevedoreRoute>& stored) {
  const api::StevedoreRoute& route = *stored.object;
  Candidate candidate;
  RouteReport& report = candidate.report;
  report.key = route.meta.key();
  report.uid = route.meta.uid;
  report.generation = route.meta.generation;
  report.origin = stored.origin;
  const api::Findings& findings = route.findings;
  report.field_errors = findings.errors;
  report.field_errors.insert(report.field_errors.end(), findings.unsupported.begin(),
                             findings.unsupported.end());
  if (!findings.errors.empty()) {
    Refuse(candidate, api::Reason::kInvalid, FirstFinding(findings.errors));
  } else if (!findings.unsupported.empty()) {
    Refuse(candidate, api::Reason::kUnsupportedField, FirstFinding(findings.unsupported));
  } else {
    report.accepted = {api::ConditionStatus::kTrue, api::Reason::kAccepted, ""};
    candidate.route = FromStevedoreRoute(route);
  }
  return candidate;
}

Candidates Accepted(const Candidates& candidates) {
  Candidates accepted;
  for (Candidate* candidate : candidates)
    if (candidate->report.is_accepted()) accepted.push_back(candidate);
  return accepted;
}

// Refuses routes that go over a limit. Older claims come first, so a new route never costs an old
// one its place.
void EnforceLimits(const Candidates& by_claim, std::size_t max_listeners) {
  std::map<ListenerKey, ListenerBudget> listeners;
  std::size_t upstreams = 0;
  for (Candidate* candidate : by_claim) {
    const RouteModel& route = candidate->route;
    const ListenerKey key{route.port, route.address};
    if (!listeners.contains(key) && listeners.size() >= max_listeners) {
      Refuse(*candidate, api::Reason::kListenerLimit,
             "there are " + std::to_string(max_listeners) +
                 " listeners already, the limit set by the controller's --max-listeners");
      continue;
    }
    if (upstreams + route.upstreams.size() > config::kMaxUpstreams) {
      Refuse(*candidate, api::Reason::kInvalid,
             "the config would have more than " + std::to_string(config::kMaxUpstreams) +
                 " upstreams");
      continue;
    }
    const auto found = listeners.find(key);
    ListenerBudget budget = found == listeners.end() ? ListenerBudget{} : found->second;
    if (auto broken = budget.Add(route)) {
      Refuse(*candidate, api::Reason::kInvalid, std::move(*broken));
      continue;
    }
    listeners[key] = std::move(budget);
    upstreams += route.upstreams.size();
  }
}

// `routes`: those of one listener, by claim, so that the first one owns it.
config::Listener CompileListener(const std::string& owner_ns, Candidates routes) {
  const Candidate& owner = *routes.front();
  config::Listener listener = WithTunables({}, owner.route.tunables);
  listener.name = ListenerName(owner_ns, owner.route.port, owner.route.address);
  listener.port = owner.route.port;
  if (!owner.route.address.empty()) listener.address = owner.route.address;
  SortByPriority(routes);
  for (Candidate* candidate : routes) {
    for (config::Rule& rule : CompileRules(candidate->route))
      listener.rules.push_back(std::move(rule));
    candidate->report.listener = {listener.name, listener.port, owner.route.key.ToString(),
                                  static_cast<int>(routes.size())};
  }
  if (const Candidate* first = SettleDefaultUpstream(routes))
    listener.default_upstream = UpstreamName(first->route, first->route.default_upstream);
  MarkShadowedRules(routes);
  MarkSettingsConflicts(owner, routes);
  return listener;
}

void CompileListeners(const Candidates& by_claim, config::ProxyConfig& config) {
  std::map<ListenerKey, Candidates> listeners;
  std::map<std::int64_t, std::string> owner_ns;
  for (Candidate* candidate : by_claim) {
    owner_ns.try_emplace(candidate->route.port, candidate->route.key.ns);
    listeners[{candidate->route.port, candidate->route.address}].push_back(candidate);
  }
  for (auto& [key, routes] : listeners)
    config.listeners.push_back(CompileListener(owner_ns[key.first], std::move(routes)));
  std::sort(config.listeners.begin(), config.listeners.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

template <class T>
void CollectProblems(const char* kind, const store::Objects<T>& objects,
                     std::vector<ObjectProblem>& problems) {
  for (const auto& [key, stored] : objects)
    for (const config::FieldError& error : stored.object->findings.errors)
      problems.push_back({stored.origin, std::string(kind) + " " + key.ToString(), error});
}

}  // namespace

CompileOutput Compile(const store::ClusterView& view, const CompileOptions& options) {
  CompileOutput output;
  const PublishedService published(view, options);
  output.config.hash_seed = options.hash_seed;
  for (const config::IpAddress& ip : published.addresses())
    output.config.own_addresses.push_back(ip.ToString());
  PeerPolicy policy(options, published.addresses());

  std::deque<Candidate> all;
  Candidates candidates;
  for (const auto& [key, stored] : view.routes) {
    const std::string& class_name = stored.object->spec.class_name;
    if (!class_name.empty() && class_name != options.class_name) continue;
    all.push_back(Admit(stored));
    if (all.back().report.is_accepted()) CheckRoute(all.back(), options, policy);
    candidates.push_back(&all.back());
  }
  candidates = Accepted(candidates);
  SortByClaim(candidates, options.directory_mode);
  if (!options.share_ports_across_namespaces) SettlePorts(candidates);
  candidates = Accepted(candidates);
  EnforceLimits(candidates, std::min(options.max_listeners, config::kMaxListeners));
  candidates = Accepted(candidates);
  for (const Candidate* candidate : candidates)
    policy.AddListener(candidate->route.address, candidate->route.port);
  CompileListeners(candidates, output.config);
  for (Candidate* candidate : candidates) {
    ListenerReport& listener = *candidate->report.listener;
    listener.all_addresses = candidate->route.address.empty();
    if (listener.all_addresses) listener.addresses = published.ReachOf(listener.port);
  }

  const PeerResolver resolver(view, policy);
  for (Candidate* candidate : candidates)
    for (config::Upstream& upstream : CompileUpstreams(*candidate, resolver))
      output.config.upstreams.push_back(std::move(upstream));
  std::sort(output.config.upstreams.begin(), output.config.upstreams.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });

  for (Candidate& candidate : all) output.reports.push_back(std::move(candidate.report));
  CollectProblems("Service", view.services, output.problems);
  CollectProblems("EndpointSlice", view.slices, output.problems);
  CollectProblems("Endpoints", view.endpoints, output.problems);
  return output;
}

}  // namespace stevedore::compile
