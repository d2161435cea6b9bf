#include "proxy/health/probe_engine.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace stevedore::health {
namespace {

// For how long the word that nobody has an address fails attempts. Linux asks for a neighbour three
// times, a second apart, and tells once at the end: in between silence says nothing. Source: the
// defaults of mcast_solicit and retrans_time_ms (the kernel's ip-sysctl.rst), and one second more.
constexpr std::chrono::seconds kHostMemory{4};

}  // namespace

ProbeEngine::ProbeEngine(net::EventLoop& loop, ProbeStats& stats, OnChange on_change)
    : loop_(loop), stats_(stats), on_change_(std::move(on_change)) {}

std::uint32_t ProbeEngine::NewSlot() {
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  return index;
}

void ProbeEngine::Add(const Key& key, ProbeTarget target, Nanos now) {
  const std::uint32_t index = NewSlot();
  Slot& slot = slots_[index];
  slot = Slot{};
  slot.state = ProbeState(target.health->passing.load());
  slot.unreachable_seen = target.health->unreachable_at.load();
  slot.next_start = now + schedule_.FirstDelay(target.spec->period);
  slot.target = std::move(target);
  schedule_.Set(index, slot.next_start);
  by_key_.emplace(key, index);
}

void ProbeEngine::CloseSocket(Slot& slot) {
  if (!slot.socket.is_open()) return;
  loop_.Remove(slot.socket.fd());
  slot.socket.Close();
}

void ProbeEngine::Release(std::uint32_t index) {
  Slot& slot = slots_[index];
  // Who is no longer probed passes.
  slot.target.health->passing.store(true);
  CloseSocket(slot);
  schedule_.Cancel(index);
  slot = Slot{};
  free_.push_back(index);
}

void ProbeEngine::Apply(std::vector<ProbeTarget> targets, const Ports& avoid, Nanos now) {
  avoid_ = avoid;
  std::set<Key> wanted;
  for (const ProbeTarget& target : targets) wanted.emplace(target.upstream, target.address);
  std::erase_if(by_key_, [&](const auto& entry) {
    if (wanted.count(entry.first) != 0) return false;
    Release(entry.second);
    return true;
  });
  for (ProbeTarget& target : targets) {
    const Key key{target.upstream, target.address};
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      Slot& slot = slots_[found->second];
      if (slot.target.health == target.health) {
        slot.target = std::move(target);
        // A shorter period holds at once, not after the rest of the old one.
        const Nanos latest = now + slot.target.spec->period;
        if (slot.next_start > latest) {
          slot.next_start = latest;
          if (!slot.in_flight) schedule_.Set(found->second, latest);
        }
        continue;
      }
      Release(found->second);
      by_key_.erase(found);
    }
    Add(key, std::move(target), now);
  }
  for (Slot& slot : slots_)
    if (slot.socket.is_open() && avoid_.test(slot.socket.local_port())) CloseSocket(slot);
}

void ProbeEngine::Tick(Nanos now) {
  while (const auto index = schedule_.PopDue(now)) {
    if (slots_[*index].in_flight) {
      TimeOut(*index, now);
    } else {
      Start(*index, now);
    }
  }
}

bool ProbeEngine::EnsureSocket(std::uint32_t index, Nanos now) {
  Slot& slot = slots_[index];
  if (slot.socket.is_open()) return true;
  auto socket = ProbeSocket::Open(slot.target.address, avoid_);
  if (!socket || !loop_.Add(socket->fd(), index)) {
    Finish(index, ProbeResult::kError, now);
    return false;
  }
  slot.socket = std::move(*socket);
  return true;
}

ProbeSocket::Heard ProbeEngine::Read(Slot& slot, bool errors, Nanos now) {
  const ProbeSpec& spec = *slot.target.spec;
  // Between attempts no reply counts.
  const auto accept = [&](std::span<const std::uint8_t> reply) {
    return slot.in_flight &&
           (!spec.wants_reply || spec.any_reply_counts || spec.expected.Find(reply) == 0);
  };
  const ProbeSocket::Heard heard = slot.socket.Read(accept, errors);
  if (heard.host_unreachable) slot.target.health->host_unreachable_at.store(now.count());
  return heard;
}

bool ProbeEngine::IsKnownUnreachable(Slot& slot, Nanos now) {
  const std::int64_t host_at = slot.target.health->host_unreachable_at.load();
  if (host_at != 0 && Nanos(host_at) > now - kHostMemory) return true;
  const std::int64_t at = slot.target.health->unreachable_at.load();
  if (at == 0 || at == slot.unreachable_seen) return false;
  slot.unreachable_seen = at;
  return Nanos(at) > now - slot.target.spec->period;
}

void ProbeEngine::Start(std::uint32_t index, Nanos now) {
  Slot& slot = slots_[index];
  const ProbeSpec& spec = *slot.target.spec;
  slot.started = now;
  // From the plan and not from now, so that delays do not add up; after a pause nothing is made up.
  slot.next_start += spec.period;
  if (slot.next_start <= now) slot.next_start = now + spec.period;
  if (!EnsureSocket(index, now)) return;
  // What is there belongs to an earlier attempt.
  const bool queued = !slot.socket.IsQuiet() && Read(slot, true, now).unreachable;
  const bool late = std::exchange(slot.late_unreachable, false) || queued;
  if (!spec.wants_reply && (IsKnownUnreachable(slot, now) || late))
    return Finish(index, ProbeResult::kRefused, now);
  slot.in_flight = true;
  switch (slot.socket.Send(spec.payload)) {
    case ProbeSocket::Sent::kYes:
      return schedule_.Set(index, now + spec.timeout);
    case ProbeSocket::Sent::kUnreachable:
      return Finish(index, ProbeResult::kRefused, now);
    case ProbeSocket::Sent::kFailed:
      // The address that it was bound to may be gone: the next attempt starts afresh.
      CloseSocket(slot);
      return Finish(index, ProbeResult::kError, now);
  }
}

void ProbeEngine::OnReadable(const net::EventLoop::Event& event, Nanos now) {
  const auto index = static_cast<std::uint32_t>(event.tag);
  if (index >= slots_.size() || !slots_[index].socket.is_open()) return;
  Slot& slot = slots_[index];
  const ProbeSocket::Heard heard = Read(slot, (event.events & EPOLLERR) != 0, now);
  if (!slot.in_flight) {
    // A late reply is nothing to the next attempt, a late unreachable is.
    slot.late_unreachable = slot.late_unreachable || heard.unreachable;
    return;
  }
  if (heard.matched) return Finish(index, ProbeResult::kOk, now);
  if (heard.unreachable) Finish(index, ProbeResult::kRefused, now);
}

void ProbeEngine::TimeOut(std::uint32_t index, Nanos now) {
  Slot& slot = slots_[index];
  if (slot.target.spec->wants_reply) return Finish(index, ProbeResult::kTimeout, now);
  const bool unreachable = IsKnownUnreachable(slot, now);
  Finish(index, unreachable ? ProbeResult::kRefused : ProbeResult::kOk, now);
}

void ProbeEngine::Finish(std::uint32_t index, ProbeResult result, Nanos now) {
  Slot& slot = slots_[index];
  slot.in_flight = false;
  schedule_.Set(index, std::max(slot.next_start, now));
  stats_.Count(slot.target.upstream, result, now - slot.started);
  if (result == ProbeResult::kError) return;
  if (result == ProbeResult::kOk && slot.target.spec->wants_reply)
    slot.target.health->reply_nanos.store((now - slot.started).count());
  if (!slot.state.Record(result == ProbeResult::kOk, slot.target.spec->thresholds)) return;
  slot.target.health->passing.store(slot.state.passing());
  on_change_({slot.target.upstream, slot.target.address, slot.state.passing()});
}

}  // namespace stevedore::health
