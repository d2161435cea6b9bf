#include "proxy/runtime/access_list.h"

#include <algorithm>
#include <map>
#include <optional>

namespace stevedore::runtime {

using config::Cidr;
using config::IpAddress;

namespace {

// Ranges that begin or end at an address.
struct Change {
  int allow = 0;
  int deny = 0;
};

// The address after this one; nothing after the last of all.
std::optional<IpAddress> After(IpAddress address) {
  for (auto byte = address.bytes.rbegin(); byte != address.bytes.rend(); ++byte)
    if (++*byte != 0) return address;
  return std::nullopt;
}

}  // namespace

AccessList::AccessList(std::span<const Cidr> allow, std::span<const Cidr> deny)
    : v4_(Make(true, allow, deny)), v6_(Make(false, allow, deny)) {}

AccessList::Steps AccessList::Make(bool v4, std::span<const Cidr> allow,
                                   std::span<const Cidr> deny) {
  std::map<IpAddress, Change> changes;
  changes[v4 ? IpAddress::V4(0) : IpAddress{}];
  const auto add = [&](std::span<const Cidr> ranges, int Change::*count) {
    for (const Cidr& range : ranges) {
      if (range.base.is_v4() != v4) continue;
      changes[range.First()].*count += 1;
      if (const auto end = After(range.Last())) changes[*end].*count -= 1;
    }
  };
  add(allow, &Change::allow);
  add(deny, &Change::deny);
  Steps steps;
  Change open;
  for (const auto& [first, change] : changes) {
    open.allow += change.allow;
    open.deny += change.deny;
    const bool allowed = open.deny == 0 && (allow.empty() || open.allow > 0);
    if (steps.empty() || steps.back().allowed != allowed) steps.push_back({first, allowed});
  }
  return steps;
}

bool AccessList::Allows(const IpAddress& client) const noexcept {
  const Steps& steps = client.is_v4() ? v4_ : v6_;
  const auto next = std::upper_bound(
      steps.begin(), steps.end(), client,
      [](const IpAddress& address, const Step& step) { return address < step.first; });
  return std::prev(next)->allowed;
}

}  // namespace stevedore::runtime
