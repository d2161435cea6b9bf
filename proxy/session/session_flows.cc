// Which session keeps a client's Flow through which upstream.
#include <algorithm>

#include "proxy/session/session_table.h"

namespace stevedore::session {

using runtime::kNoPeerId;
using runtime::PeerId;
using runtime::Raw;
using runtime::UpstreamId;

SessionTable::Kept SessionTable::FindFlow(const FlowKey& key, UpstreamId upstream,
                                          std::uint64_t hash) const noexcept {
  Kept kept;
  const auto same = [&](SessionIndex i) {
    if (sessions_[i].key != key) return false;
    kept.peer = FlowPeer(i, upstream);
    return kept.peer != kNoPeerId;
  };
  kept.session = index_.Find(hash, EntryKind::kFlow, same);
  return kept;
}

PeerId SessionTable::FlowPeer(SessionIndex index, UpstreamId upstream) const noexcept {
  const Session& session = sessions_[index];
  const auto through = [&](PeerId peer) { return peers_[Raw(peer)].upstream == upstream; };
  if (session.flow != kNoPeerId && through(session.flow)) return session.flow;
  if (!session.more_flows) return kNoPeerId;
  const std::vector<PeerId>& more = more_flows_.at(index);
  const auto found = std::find_if(more.begin(), more.end(), through);
  return found != more.end() ? *found : kNoPeerId;
}

bool SessionTable::Names(SessionIndex index, PeerId peer) const noexcept {
  const Session& session = sessions_[index];
  if (session.peer == peer || session.flow == peer) return true;
  if (!session.more_flows) return false;
  const std::vector<PeerId>& more = more_flows_.at(index);
  return std::find(more.begin(), more.end(), peer) != more.end();
}

void SessionTable::SetFlow(SessionIndex index, PeerId peer) noexcept {
  Session& session = sessions_[index];
  if (session.flow == peer) return;
  const Kept former = FindFlow(session.key, peers_[Raw(peer)].upstream);
  if (former.session == index && former.peer == peer) return;
  if (former.session != kNoSession) DropFlow(former.session, former.peer);
  if (session.flow != kNoPeerId && flows_ >= capacity_) DropFlow(index, session.flow);
  if (session.flow == kNoPeerId) {
    session.flow = peer;
  } else {
    more_flows_[index].push_back(peer);
    session.more_flows = true;
  }
  ++flows_;
  index_.Insert(FlowHash(session.key, peers_[Raw(peer)].upstream), EntryKind::kFlow, index);
}

void SessionTable::DropFlow(SessionIndex index, PeerId peer) noexcept {
  Session& session = sessions_[index];
  index_.Erase(FlowHash(session.key, peers_[Raw(peer)].upstream), EntryKind::kFlow, index);
  --flows_;
  if (!session.more_flows) {
    session.flow = kNoPeerId;
    return;
  }
  std::vector<PeerId>& more = more_flows_.at(index);
  if (session.flow == peer) {
    session.flow = more.back();
    more.pop_back();
  } else {
    more.erase(std::find(more.begin(), more.end(), peer));
  }
  if (!more.empty()) return;
  more_flows_.erase(index);
  session.more_flows = false;
}

void SessionTable::DropAllFlows(SessionIndex index) noexcept {
  while (sessions_[index].flow != kNoPeerId) DropFlow(index, sessions_[index].flow);
}

}  // namespace stevedore::session
