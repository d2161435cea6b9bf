#include "controller/publish/port_plan.h"

#include <algorithm>
#include <utility>

namespace stevedore::publish {
namespace {

using api::AppliedName;
using api::AppliedPort;
using api::PortClaim;
using api::Service;
using api::ServicePort;

constexpr const char* kUdp = "UDP";

// An entry of the live Service, as to whose it is.
struct Entry {
  const ServicePort* port = nullptr;
  std::optional<PortClaim> ours;
  PortClaim others;      // of all others together
  bool touched = false;  // somebody else set something of it
};

std::map<std::int64_t, Entry> UdpEntries(const Service& service) {
  std::map<std::int64_t, Entry> entries;
  for (const ServicePort& port : service.ports) {
    if (port.protocol != kUdp) continue;
    Entry& entry = entries[port.port];
    entry.port = &port;
    for (const PortClaim& claim : port.claims) {
      if (claim.apply && claim.manager == kPortManager) {
        entry.ours = claim;
        continue;
      }
      entry.touched = true;
      entry.others.entry |= claim.entry;
      entry.others.name |= claim.name;
      entry.others.target_port |= claim.target_port;
    }
  }
  return entries;
}

// Whose entry it is: theirs, unless giving it up would take its name, which only we set.
bool LeftToOthers(const Entry& entry) {
  return entry.others.entry && !(entry.ours && entry.ours->name && !entry.others.name);
}

// What of an entry is ours to set.
AppliedPort Ours(std::int64_t port, const Entry& entry) {
  return {port, !entry.others.name, !entry.others.target_port};
}

bool InPlace(const AppliedPort& applied, const Entry& entry) {
  return entry.ours && entry.ours->entry && entry.ours->name == applied.name &&
         entry.ours->target_port == applied.target_port &&
         (!applied.name || entry.port->name == AppliedName(applied.port)) &&
         (!applied.target_port || entry.port->target_port == applied.port);
}

std::string Unusable(const Service* live) {
  if (live == nullptr) return "does not exist, or the controller may not read it";
  if (live->meta.deleting) return "is being deleted";
  if (live->type == "ExternalName") return "is of type ExternalName, which leads to no pods";
  return "";
}

const ServicePort* Named(const Service& live, const std::string& name) {
  const auto found = std::find_if(live.ports.begin(), live.ports.end(),
                                  [&](const ServicePort& port) { return port.name == name; });
  return found == live.ports.end() ? nullptr : &*found;
}

std::string Describe(const ServicePort& port) {
  return std::to_string(port.port) + "/" + port.protocol;
}

}  // namespace

void PortPlan::Remember(const std::set<std::int64_t>& wanted, const std::set<std::int64_t>& ours,
                        Nanos now) {
  for (const std::int64_t port : wanted_)
    if (!wanted.contains(port)) leaving_.try_emplace(port, now);
  // Ours, of a former time: its route may be about to come back.
  for (const std::int64_t port : ours)
    if (!wanted.contains(port)) leaving_.try_emplace(port, now);
  std::erase_if(leaving_, [&](const auto& entry) {
    return wanted.contains(entry.first) ||
           (now - entry.second >= kGrace && !ours.contains(entry.first));
  });
  wanted_ = wanted;
}

PlannedPorts PortPlan::Make(const std::set<std::int64_t>& wanted, const Service* live,
                            const PortLimits& limits, Nanos now) {
  PlannedPorts plan;
  plan.problem = Unusable(live);
  const auto entries = plan.problem.empty() ? UdpEntries(*live) : std::map<std::int64_t, Entry>{};
  std::set<std::int64_t> ours;
  for (const auto& [port, entry] : entries)
    if (entry.ours) ours.insert(port);
  Remember(wanted, ours, now);
  if (!plan.problem.empty()) return plan;

  std::set<std::int64_t> desired = wanted;
  for (const auto& [port, since] : leaving_)
    if (now - since < kGrace || (ours.contains(port) && entries.at(port).touched))
      desired.insert(port);
  // A Service cannot be without ports.
  if (desired.empty() && !ours.empty() && ours.size() == live->ports.size())
    desired.insert(*ours.begin());

  std::vector<AppliedPort> apply;
  bool in_place = true;
  for (const std::int64_t port : desired) {
    const auto found = entries.find(port);
    if (found != entries.end()) {
      const Entry& entry = found->second;
      if (LeftToOthers(entry) || (limits.refused.contains(port) && !entry.ours)) continue;
      apply.push_back(Ours(port, entry));
      in_place = in_place && InPlace(apply.back(), entry);
      continue;
    }
    if (const auto refusal = limits.refused.find(port); refusal != limits.refused.end()) {
      plan.refused.insert(*refusal);
    } else if (const ServicePort* unnamed = Named(*live, "")) {
      plan.refused[port] = "its port " + Describe(*unnamed) + " has no name, so it takes no other";
    } else if (const ServicePort* taken = Named(*live, AppliedName(port))) {
      plan.refused[port] = "the name " + taken->name + " is taken by its port " + Describe(*taken);
    } else if (plan.added.size() < limits.max_new) {
      plan.added.push_back(port);
      apply.push_back({port});
    }
  }
  if (!in_place || !plan.added.empty() || apply.size() != ours.size()) plan.apply = apply;
  return plan;
}

bool Lists(const Service& service, std::int64_t port) {
  return std::any_of(service.ports.begin(), service.ports.end(), [&](const ServicePort& entry) {
    return entry.protocol == kUdp && entry.port == port;
  });
}

}  // namespace stevedore::publish
