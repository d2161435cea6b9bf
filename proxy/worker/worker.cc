#include "proxy/worker/worker.h"

#include <time.h>

#include <algorithm>
#include <utility>

#include "proxy/net/udp_socket.h"

namespace stevedore::worker {
namespace {

using runtime::Raw;

// What an event is about: the upper half of its tag. The lower one is a ListenerId or a port slot.
constexpr std::uint64_t kListenerTag = std::uint64_t{1} << 32;
constexpr std::uint64_t kV6PoolTag = std::uint64_t{2} << 32;
constexpr std::uint64_t kV4PoolTag = std::uint64_t{3} << 32;
constexpr std::uint64_t kKindMask = ~std::uint64_t{0xffffffff};

// Batches of 64 per ready socket and turn: after them others have theirs. The first busy listeners
// of a turn may take more: while they are read to their end, replies gather on the pool sockets,
// and one system call takes several of them. A turn stays far below half a second.
constexpr unsigned kRounds = 4;
constexpr unsigned kBurstRounds = 64;
constexpr unsigned kReplyBudget = kRounds * net::RecvBatch::kSlots;
// When a socket is about to go away it is read to its end, but not for ever.
constexpr unsigned kLastRounds = 256;

// The session clock must come round at least twice a second (session_clock.h).
constexpr std::chrono::milliseconds kMaxWait{400};

// Datagrams of clients in a turn, after which several replies wait on each pool socket.
constexpr unsigned kLoaded = 4 * net::RecvBatch::kSlots;

// A turn so long after the one before finds sockets that have waited.
constexpr std::chrono::milliseconds kLate{100};

// Pool sockets are many, and asking one costs a system call: some at a time.
constexpr std::chrono::milliseconds kDropsInterval{100};
constexpr std::uint32_t kDropsAtOnce = 200;

constexpr session::Tick kMaxExpiryDelay = 10 * session::kTicksPerSecond;

std::uint64_t ThreadCpuNanos() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

Worker::Worker(unsigned number, const WorkerLimits& limits, const Shared& shared,
               net::EventLoop loop)
    : number_(number),
      shared_(shared),
      max_pool_sockets_(limits.pool_sockets),
      loop_(std::move(loop)),
      v4_(true, limits.pool_sockets, shared.own_ports, HooksFor(true)),
      v6_(false, limits.pool_sockets, shared.own_ports, HooksFor(false)),
      sessions_(limits.sessions, number, v4_, v6_, session_clock_.now()),
      packets_(number, sessions_, shared.keys, shared.own_ports, limits.segments),
      replies_(number, sessions_, limits.segments) {}

Result<std::unique_ptr<Worker>> Worker::Create(unsigned number, const WorkerLimits& limits,
                                               const Shared& shared) {
  auto loop = net::EventLoop::Create();
  if (!loop) return loop.error();
  std::unique_ptr<Worker> worker(new Worker(number, limits, shared, std::move(*loop)));
  if (!worker->sessions_.ok())
    return Error{Errc::kUnavailable, "no memory for " + std::to_string(limits.sessions) +
                                         " sessions: lower --max-sessions"};
  return worker;
}

session::PortPool::Hooks Worker::HooksFor(bool v4) {
  const auto opened = [this, v4](std::uint32_t slot, int fd) {
    if (v4_.open_sockets() + v6_.open_sockets() >= max_pool_sockets_) return false;
    auto& slots = pool_slots_[v4 ? 1 : 0];
    if (slot >= slots.size()) slots.resize(slot + 1);
    slots[slot] = {};
    return loop_.Add(fd, (v4 ? kV4PoolTag : kV6PoolTag) | slot);
  };
  const auto closing = [this, v4](std::uint32_t slot, int fd) {
    const std::uint32_t drops = net::KernelDrops(fd);
    if (snapshot_)
      snapshot_->nowhere->of(number_).kernel_drops.Add(drops -
                                                       pool_slots_[v4 ? 1 : 0][slot].counted_drops);
    loop_.Remove(fd);
  };
  return {opened, closing};
}

void Worker::Stop() noexcept {
  stop_.store(true, std::memory_order_release);
  loop_.Wake();
}

void Worker::Run() noexcept {
  while (!stop_.load(std::memory_order_acquire)) {
    const auto events = loop_.Wait(kMaxWait);
    const Nanos now = clock_.Now();
    const session::Tick tick = session_clock_.Advance(now);
    loaded_ = std::exchange(from_clients_, 0) >= kLoaded;
    late_ = now - std::exchange(last_turn_, now) > kLate;
    ++turn_;
    packets_.SetTime(now);
    TakeSnapshot();
    if (!snapshot_) continue;
    // What waits in the sockets may refresh a session: nothing expires before it was read. Under a
    // load that never lets them run dry, it does after a while.
    if (Serve(events) || tick - last_expiry_ >= kMaxExpiryDelay) {
      sessions_.Expire(tick);
      last_expiry_ = tick;
    }
    if (now >= next_second_) EverySecond(now);
    if (now >= next_drops_) {
      next_drops_ = now + kDropsInterval;
      CountPoolDrops(kDropsAtOnce);
    }
  }
  if (snapshot_) DrainAll();
}

bool Worker::Serve(std::span<const net::EventLoop::Event> events) noexcept {
  bool drained = events.size() < 256;
  unsigned burst = kBurstRounds;
  for (const net::EventLoop::Event& event : events) {
    const auto low = static_cast<std::uint32_t>(event.tag);
    const std::uint64_t kind = event.tag & kKindMask;
    if (kind == kListenerTag) {
      if (low >= snapshot_->listener_by_id.size()) continue;
      const std::uint32_t at = snapshot_->listener_by_id[low];
      if (at == runtime::Snapshot::kNoListener) continue;
      replies_.Flush();  // a new session may push out one that they belong to
      const unsigned before = from_clients_;
      drained = ServeListener(snapshot_->listeners[at], std::max(burst, kRounds)) && drained;
      burst -= std::min(burst, (from_clients_ - before) / net::RecvBatch::kSlots);
      continue;
    }
    session::PortPool& pool = kind == kV4PoolTag ? v4_ : v6_;
    if (pool.fd(low) < 0) continue;  // closed by an earlier event of this round
    drained = ServePool(pool, low, (event.events & EPOLLERR) != 0) && drained;
  }
  replies_.Flush();
  return drained;
}

// Most sockets hold one reply. One that is ready again in the next turn is read to its end, and so
// are all after a pause.
bool Worker::ServePool(session::PortPool& pool, std::uint32_t slot, bool with_errors) noexcept {
  if (with_errors) replies_.TakeErrors(pool, slot, clock_.Now().count());
  const session::Tick now = session_clock_.now();
  const bool again =
      std::exchange(pool_slots_[pool.v4() ? 1 : 0][slot].ready_in, turn_) + 1 == turn_;
  if (again || late_ || loaded_) return replies_.Receive(pool, slot, kReplyBudget, now);
  replies_.ReceiveOne(pool, slot, now);
  return true;
}

bool Worker::ServeListener(const runtime::ListenerEntry& listener, unsigned rounds) noexcept {
  if (!listener.sockets) return true;
  const int fd = listener.sockets->fds[number_].get();
  for (unsigned round = 0; round < rounds; ++round) {
    const int n = in_.Receive(fd);
    if (n < 0) continue;
    const auto count = static_cast<unsigned>(n);
    from_clients_ += count;
    if (count != 0) packets_.Forward(listener, in_, count, session_clock_.now());
    if (count < net::RecvBatch::kSlots) return true;
  }
  return false;
}

void Worker::TakeSnapshot() noexcept {
  if (shared_.holder.generation() == generation_.load(std::memory_order_relaxed)) return;
  auto next = shared_.holder.Latest();
  const session::Tick now = session_clock_.now();
  WatchListeners(*next);
  sessions_.Apply(*next, now);
  packets_.Apply(*next);
  replies_.Apply(*next);
  v4_.Avoid(next->listener_ports);
  v6_.Avoid(next->listener_ports);
  for (const runtime::ListenerEntry& listener : next->listeners)
    if (!listener.sockets && shared_.own_ports.Holds(listener.address.port))
      sessions_.RetirePort(listener.address.port, now);
  snapshot_ = std::move(next);
  generation_.store(snapshot_->generation, std::memory_order_release);
}

// Listeners that go are read to their end under the rules they had; those that come are watched.
void Worker::WatchListeners(const runtime::Snapshot& next) noexcept {
  const auto sockets_of = [](const runtime::Snapshot& snapshot, runtime::ListenerId id) {
    const std::uint32_t at = Raw(id) < snapshot.listener_by_id.size()
                                 ? snapshot.listener_by_id[Raw(id)]
                                 : runtime::Snapshot::kNoListener;
    return at == runtime::Snapshot::kNoListener ? nullptr : snapshot.listeners[at].sockets.get();
  };
  if (snapshot_) {
    for (const runtime::ListenerEntry& listener : snapshot_->listeners) {
      if (!listener.sockets || sockets_of(next, listener.id) == listener.sockets.get()) continue;
      ServeListener(listener, kLastRounds);
      loop_.Remove(listener.sockets->fds[number_].get());
    }
  }
  for (const runtime::ListenerEntry& listener : next.listeners) {
    if (!listener.sockets) continue;
    if (snapshot_ && sockets_of(*snapshot_, listener.id) == listener.sockets.get()) continue;
    loop_.Add(listener.sockets->fds[number_].get(), kListenerTag | Raw(listener.id));
  }
}

void Worker::CountPoolDrops(std::uint32_t most) noexcept {
  const std::uint32_t all = v4_.size() + v6_.size();
  for (most = std::min(most, all - std::min(drops_at_, all)); most > 0; --most, ++drops_at_) {
    const bool v4 = drops_at_ < v4_.size();
    const session::PortPool& pool = v4 ? v4_ : v6_;
    const std::uint32_t slot = v4 ? drops_at_ : drops_at_ - v4_.size();
    if (pool.fd(slot) < 0) continue;
    const std::uint32_t drops = net::KernelDrops(pool.fd(slot));
    std::uint32_t& counted = pool_slots_[v4 ? 1 : 0][slot].counted_drops;
    snapshot_->nowhere->of(number_).kernel_drops.Add(drops - counted);
    counted = drops;
  }
}

void Worker::EverySecond(Nanos now) noexcept {
  next_second_ = now + std::chrono::seconds(1);
  for (session::PortPool* pool : {&v4_, &v6_}) pool->CloseUnused(session_clock_.now());
  if (drops_at_ >= v4_.size() + v6_.size()) drops_at_ = 0;
  sessions_gauge_.store(sessions_.size(), std::memory_order_relaxed);
  sockets_gauge_.store(v4_.open_sockets() + v6_.open_sockets(), std::memory_order_relaxed);
  busy_nanos_.store(ThreadCpuNanos(), std::memory_order_relaxed);
}

void Worker::DrainAll() noexcept {
  for (const runtime::ListenerEntry& listener : snapshot_->listeners)
    ServeListener(listener, kLastRounds);
  for (session::PortPool* pool : {&v4_, &v6_})
    for (std::uint32_t slot = 0; slot < pool->size(); ++slot)
      if (pool->fd(slot) >= 0) replies_.Receive(*pool, slot, kReplyBudget, session_clock_.now());
  replies_.Flush();
  drops_at_ = 0;
  CountPoolDrops(v4_.size() + v6_.size());
  EverySecond(clock_.Now());
}

}  // namespace stevedore::worker
