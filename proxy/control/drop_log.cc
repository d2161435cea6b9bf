#include "proxy/control/drop_log.h"

#include "proxy/base/log.h"

namespace stevedore::control {
namespace {

using runtime::UpDrop;

constexpr std::array<std::pair<UpDrop, const char*>, 4> kTold = {{
    {UpDrop::kSessionLimit, "raise --max-sessions or session.maxSessions"},
    {UpDrop::kPortLimit,
     "all upstream ports towards a peer are in use: raise the limit of open "
     "files or widen net.ipv4.ip_local_port_range, or add peers"},
    {UpDrop::kSendBlocked, "the kernel takes no more: the network or its buffers are the limit"},
    {UpDrop::kSendError, "peers cannot be reached from here: check routes and policies"},
}};

}  // namespace

void DropLog::Look(const std::map<std::string, report::ListenerTotals>& totals, Nanos now) {
  std::erase_if(seen_,
                [&totals](const auto& entry) { return !totals.contains(entry.first.first); });
  for (const auto& [listener, total] : totals) {
    if (listener.empty()) continue;  // those that are gone: told before
    for (const auto& [reason, advice] : kTold) {
      const auto nth = static_cast<std::size_t>(reason);
      Seen& seen = seen_[{listener, runtime::kUpDropNames[nth]}];
      const std::uint64_t count = total.up_drops[nth];
      if (count < seen.told) seen.told = 0;  // another listener of that name
      if (count == seen.told || !seen.limit.Allow(now)) continue;
      spdlog::warn("Dropped datagrams listener={} reason={} count={} advice=\"{}\"", listener,
                   runtime::kUpDropNames[nth], count - seen.told, advice);
      seen.told = count;
    }
  }
}

}  // namespace stevedore::control
