#include "proxy/report/traffic_book.h"

#include <unordered_set>
#include <utility>

#include "proxy/net/udp_socket.h"

namespace stevedore::report {

void ListenerTotals::Add(const ListenerTotals& other) {
  const auto add = [](auto& to, const auto& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  };
  add(datagrams, other.datagrams);
  add(bytes, other.bytes);
  add(up_drops, other.up_drops);
  add(down_drops, other.down_drops);
  add(sessions_ended, other.sessions_ended);
  kernel_drops += other.kernel_drops;
  sessions_created += other.sessions_created;
  sessions += other.sessions;
}

ListenerTotals ListenerTotals::Of(const runtime::ListenerStats& stats) {
  ListenerTotals totals;
  for (const runtime::ListenerCounters& block : stats.blocks) {
    const runtime::Traffic* traffic[] = {&block.client_in, &block.upstream_out, &block.upstream_in,
                                         &block.client_out};
    for (std::size_t i = 0; i < 4; ++i) {
      totals.datagrams[i] += traffic[i]->datagrams.Get();
      totals.bytes[i] += traffic[i]->bytes.Get();
    }
    const auto add = [](auto& to, const auto& from) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i].Get();
    };
    add(totals.up_drops, block.up_drops);
    add(totals.down_drops, block.down_drops);
    add(totals.sessions_ended, block.sessions_ended);
    totals.kernel_drops += block.kernel_drops.Get();
    totals.sessions_created += block.sessions_created.Get();
  }
  totals.sessions = static_cast<std::int64_t>(totals.sessions_created);
  for (const std::uint64_t ended : totals.sessions_ended)
    totals.sessions -= static_cast<std::int64_t>(ended);
  return totals;
}

UpstreamTotals UpstreamTotals::Of(const runtime::UpstreamStats& stats) {
  UpstreamTotals totals;
  for (const runtime::UpstreamCounters& block : stats.blocks) {
    totals.sent += block.out.datagrams.Get();
    totals.received += block.in.datagrams.Get();
  }
  return totals;
}

std::uint64_t Matches(const runtime::RuleStats& stats) {
  std::uint64_t sum = 0;
  for (const runtime::RuleCounters& block : stats.blocks) sum += block.matches.Get();
  return sum;
}

void TrafficBook::SetSnapshot(std::shared_ptr<const runtime::Snapshot> snapshot) {
  const std::lock_guard lock(mutex_);
  std::unordered_set<const runtime::ListenerStats*> present;
  for (const runtime::ListenerEntry& listener : snapshot->listeners)
    present.insert(listener.stats.get());
  Places places;
  for (std::size_t at = 0; at < tracked_.size(); ++at) {
    Tracked& tracked = tracked_[at];
    places.by_stats.emplace(tracked.stats.get(), at);
    if (const auto sockets = tracked.sockets.lock()) places.by_sockets.emplace(sockets.get(), at);
    if (tracked.gone_since != 0 || present.contains(tracked.stats.get())) continue;
    ReadDrops(tracked);
    tracked.gone_since = snapshot->generation;
  }
  for (const runtime::ListenerEntry& listener : snapshot->listeners) Track(listener, places);
  snapshot_ = std::move(snapshot);
}

void TrafficBook::Track(const runtime::ListenerEntry& listener, Places& places) {
  const auto [place, is_new] = places.by_stats.emplace(listener.stats.get(), tracked_.size());
  if (is_new) {
    const auto former = places.by_sockets.find(listener.sockets.get());
    Tracked fresh;
    fresh.stats = listener.stats;
    if (former != places.by_sockets.end()) TakeOver(tracked_[former->second], fresh);
    tracked_.push_back(std::move(fresh));
  }
  Tracked& tracked = tracked_[place->second];
  if (tracked.sockets.lock() == listener.sockets) return;
  ReadDrops(tracked);
  tracked.sockets = listener.sockets;
  tracked.seen_drops.assign(listener.sockets ? listener.sockets->fds.size() : 0, 0);
}

// A renamed listener keeps its sockets and its sessions: what the old name has counted of them is
// not counted again.
void TrafficBook::TakeOver(Tracked& from, Tracked& to) {
  to.sockets = std::exchange(from.sockets, {});
  to.seen_drops = std::move(from.seen_drops);
  to.former = std::move(from.former);
  to.former.push_back(from.stats);
}

void TrafficBook::ReadDrops(Tracked& tracked) {
  const auto sockets = tracked.sockets.lock();
  if (!sockets) return;
  for (std::size_t worker = 0; worker < tracked.seen_drops.size(); ++worker) {
    const std::uint32_t drops = net::KernelDrops(sockets->fds[worker].get());
    tracked.kernel_drops += drops - tracked.seen_drops[worker];
    tracked.seen_drops[worker] = drops;
  }
}

void TrafficBook::ReadKernelDrops() {
  const std::lock_guard lock(mutex_);
  for (Tracked& tracked : tracked_) ReadDrops(tracked);
}

void TrafficBook::Settle(std::uint64_t oldest) {
  const std::lock_guard lock(mutex_);
  std::erase_if(tracked_, [&](const Tracked& tracked) {
    if (tracked.gone_since == 0 || oldest < tracked.gone_since) return false;
    settled_.Add(ListenerTotals::Of(*tracked.stats));
    settled_.kernel_drops += tracked.kernel_drops;
    return true;
  });
}

std::map<std::string, ListenerTotals> TrafficBook::Totals() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, ListenerTotals> totals;
  if (!snapshot_) return totals;
  ListenerTotals& nameless = totals[""];
  nameless = settled_;
  nameless.Add(ListenerTotals::Of(*snapshot_->nowhere));
  for (const Tracked& tracked : tracked_) {
    ListenerTotals& into = tracked.gone_since == 0 ? totals[tracked.stats->name] : nameless;
    into.Add(ListenerTotals::Of(*tracked.stats));
    into.kernel_drops += tracked.kernel_drops;
    for (const auto& former : tracked.former) into.sessions += ListenerTotals::Of(*former).sessions;
  }
  nameless.sessions = 0;  // every session has a listener in force
  return totals;
}

std::shared_ptr<const runtime::Snapshot> TrafficBook::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

}  // namespace stevedore::report
