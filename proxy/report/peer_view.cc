#include "proxy/report/peer_view.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "proxy/config/validate.h"

namespace stevedore::report {
namespace {

using runtime::Raw;

class Viewer {
 public:
  Viewer(const std::vector<const runtime::PeerEntry*>& peers,
         std::set<config::SocketAddress> usable, bool probed)
      : probed_(probed), usable_(std::move(usable)) {
    for (const runtime::PeerEntry* peer : peers) health_[peer->address] = peer->health.get();
  }

  void Add(const config::Peer& peer, bool backup) {
    const config::SocketAddress address = config::AddressOf(peer);
    PeerView view;
    view.address = address.ToString();
    view.role = backup ? "backup" : peer.draining ? "draining" : "ready";
    view.weight = peer.weight;
    view.usable = usable_.contains(address);
    const auto found = health_.find(address);
    if (probed_ && found != health_.end()) {
      view.passing = found->second->passing.load();
      const std::int64_t nanos = found->second->reply_nanos.load();
      if (nanos > 0) view.reply_seconds = static_cast<double>(nanos) / 1e9;
    }
    views_.push_back(view);
  }

  std::vector<PeerView> Take() && {
    double weights = 0;
    for (const PeerView& view : views_)
      weights += view.usable ? static_cast<double>(view.weight) : 0;
    for (PeerView& view : views_)
      view.share = view.usable ? static_cast<double>(view.weight) / weights : 0;
    std::stable_partition(views_.begin(), views_.end(),
                          [](const PeerView& view) { return view.passing == false; });
    return std::move(views_);
  }

 private:
  const bool probed_;
  const std::set<config::SocketAddress> usable_;
  std::map<config::SocketAddress, const runtime::PeerHealth*> health_;
  std::vector<PeerView> views_;
};

}  // namespace

PeerViews::PeerViews(const runtime::Snapshot& snapshot)
    : snapshot_(snapshot), by_upstream_(snapshot.upstreams.size()) {
  for (const runtime::PeerEntry& peer : snapshot.peers)
    if (peer.present) by_upstream_[Raw(peer.upstream)].push_back(&peer);
}

std::vector<PeerView> PeerViews::Of(std::size_t at, const config::Upstream& upstream) const {
  std::set<config::SocketAddress> usable;
  for (const runtime::PeerId id : snapshot_.upstreams[at].picks.usable)
    usable.insert(snapshot_.peers[Raw(id)].address);
  Viewer viewer(by_upstream_[at], std::move(usable), upstream.health_check.has_value());
  for (const config::Peer& peer : upstream.peers) viewer.Add(peer, false);
  for (const config::Peer& peer : upstream.backup_peers) viewer.Add(peer, true);
  return std::move(viewer).Take();
}

const char* NameOf(runtime::Tier tier) noexcept {
  static constexpr const char* kNames[] = {"ready", "draining", "backup", "failOpen", "none"};
  return kNames[static_cast<std::size_t>(tier)];
}

}  // namespace stevedore::report
